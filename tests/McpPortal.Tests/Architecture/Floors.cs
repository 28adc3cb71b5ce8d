using System.Text.RegularExpressions;

namespace McpPortal.Tests.Architecture;

/// <summary>One source file of the product, with its path relative to src/McpPortal.</summary>
internal sealed record SourceFile(string Path, string Text);

/// <summary>The architecture as an ordered list, and what is wrong with a set of source files by it.</summary>
internal static partial class Floors
{
    /// <summary>Each folder may use only folders on a lower floor.</summary>
    private static readonly string[][] Plan =
    [
        ["Data"],
        ["Vault", "Audit", "Outbound", "Coordination", "Notices", "Ui"],
        ["Accounts", "Clients"],
        ["Servers"],
        ["Connections", "Secrets", "Policies", "Toolsets"],
        ["Sessions"],
        ["Calls"],
        ["Gateway", "TestConsole", "Monitors", "Admin", "Api", "Home", "Help"],
        ["Hosting", "Cli", Root],
    ];

    private const int MatchMilliseconds = 5000;
    private const string Root = "";
    private const int Shared = 1;
    private const int Fronts = 7;
    private const int Top = 8;

    private static readonly (string From, string To)[] Sideways = [("Audit", "Vault"), ("Clients", "Accounts")];

    /// <summary>The only places where a stored credential becomes readable: where it was obtained, and where it is put into one call.</summary>
    private static readonly string[] MayReadCredentials = ["Vault/", "Connections/", "Secrets/", "Sessions/SessionOpener.cs", "Cli/RecordVerifier.cs"];

    /// <summary>The only places that see every user's rows.</summary>
    private static readonly string[] MaySeeAllRows = ["Data/", "Vault/", "Audit/", "Coordination/", "Accounts/SignIns.cs", "Accounts/Users.cs", "Servers/ServerEditor.cs", "Servers/ServerSeeding.cs", "Servers/AdminServers.cs", "Servers/EditableServers.cs", "Secrets/SecretUseWriter.cs",
        "Connections/ProviderDirectory.cs", "Connections/ProviderSeeder.cs", "Connections/ProviderBreaker.cs", "Connections/Refresher.cs", "Connections/RefreshLease.cs", "Connections/RefreshRecord.cs",
        "Connections/TokenSaver.cs", "Connections/TokenRefresher.cs", "Connections/Revocations.cs", "Connections/ConnectionUse.cs", "Clients/AccessKeys.cs", "Clients/AccessKeyUses.cs", "Clients/SingleUserStart.cs",
        "Clients/Issuers/IssuerCallers.cs", "Clients/Issuers/IssuerLinks.cs", "Clients/ActAs/ServiceKeys.cs", "Clients/ActAs/ActAsConsents.cs", "Clients/ActAs/ActAsPeople.cs",
        "Clients/OAuth/RegisteredClients.cs", "Clients/OAuth/CodeExchange.cs", "Clients/OAuth/TokenRefresh.cs", "Clients/OAuth/ClientTokens.cs", "Clients/OAuth/ClientGrantUses.cs", "Clients/OAuth/ClientSweeper.cs",
        "Sessions/Registry/ClientSessionWriter.cs", "Sessions/Registry/ClientSessionSweeper.cs",
        "Calls/CallRecorder.cs", "Admin/DashboardQueries.cs", "Admin/PeopleAdmin.cs", "Admin/SessionsAdmin.cs", "Hosting/", "Cli/"];

    private static readonly string[] AllRowsDoors = ["ForSystemAsync", "ForSystemApart", "ForSystemApartAsync"];

    private static readonly string[] Neighbours = ["StreamableHttp", "Sandbox", "EmailServer", "SqlServerShim"];

    public static IReadOnlyList<string> Violations(IReadOnlyCollection<SourceFile> files)
    {
        var stripped = files.Select(f => f with { Text = Strip(f.Text) }).ToList();
        var types = stripped.ToLookup(f => Folder(f.Path), Declared);
        return [.. stripped.SelectMany(f => Uses(f, types).Concat(Restricted(f))).Distinct(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Uses(SourceFile file, ILookup<string, HashSet<string>> types)
    {
        var folder = Folder(file.Path);
        if (FloorOf(folder) < 0)
        {
            yield return $"{file.Path}: folder {folder} has no floor; give it one in Floors.cs";
            yield break;
        }

        var floor = FloorOf(file);
        var named = Qualified().Matches(file.Text).Select(m => m.Groups["folder"].Value).Except(Neighbours);
        foreach (var other in named.Concat(Relative(file, types)).Distinct().Where(other => other != folder))
        {
            var below = FloorOf(other);
            if (below < 0)
            {
                yield return $"{file.Path} uses McpPortal.{other}, which has no floor; give it one in Floors.cs";
            }
            else if (below >= floor && floor != Top && !Sideways.Contains((folder, other)) && !MapsOntoApi(file, other))
            {
                yield return $"{file.Path} (floor {floor}) uses {other} (floor {below})";
            }
        }
    }

    /// <summary>Inside namespace McpPortal.X one may write Calls.Thing for McpPortal.Calls.Thing; a property named Calls does not count.</summary>
    private static IEnumerable<string> Relative(SourceFile file, ILookup<string, HashSet<string>> types) =>
        Dotted().Matches(file.Text)
            .Select(m => (Folder: m.Groups["folder"].Value, Type: m.Groups["type"].Value))
            .Where(m => types[m.Folder].Any(names => names.Contains(m.Type)))
            .Select(m => m.Folder);

    private static IEnumerable<string> Restricted(SourceFile file)
    {
        if (file.Text.Contains("UnprotectAsync", StringComparison.Ordinal) && !StartsWithAny(file.Path, MayReadCredentials))
        {
            yield return $"{file.Path} reads credentials (UnprotectAsync) and is not on the list in Floors.cs";
        }

        foreach (var door in AllRowsDoors.Where(door => file.Text.Contains(door, StringComparison.Ordinal) && !StartsWithAny(file.Path, MaySeeAllRows)))
        {
            yield return $"{file.Path} sees every user's rows ({door}) and is not on the list in Floors.cs";
        }

        if (IsComponent(file.Path))
        {
            foreach (var word in NotInPages().Matches(file.Text).Select(m => m.Value).Distinct())
            {
                yield return $"{file.Path} is a page or component and touches {word}; ask a service of its feature";
            }
        }
    }

    /// <summary>Every feature's REST endpoints are mapped onto the group that Api makes.</summary>
    private static bool MapsOntoApi(SourceFile file, string other) => other == "Api" && file.Path.EndsWith("Endpoints.cs", StringComparison.Ordinal);

    private static int FloorOf(SourceFile file)
    {
        var name = Path.GetFileName(file.Path);
        if (name == "_Imports.razor" && Folder(file.Path) == Root)
        {
            // What it imports, every component sees: only what all of them may use.
            return Shared + 1;
        }

        return name.EndsWith("Page.razor", StringComparison.Ordinal) || name.EndsWith("Page.razor.cs", StringComparison.Ordinal) || name.EndsWith("Endpoints.cs", StringComparison.Ordinal)
            ? Math.Max(Fronts, FloorOf(Folder(file.Path)))
            : FloorOf(Folder(file.Path));
    }

    private static int FloorOf(string folder) => Array.FindIndex(Plan, folders => folders.Contains(folder));

    private static string Folder(string path) => path.Contains('/', StringComparison.Ordinal) ? path[..path.IndexOf('/', StringComparison.Ordinal)] : Root;

    private static bool IsComponent(string path) => path.EndsWith(".razor", StringComparison.Ordinal) || path.EndsWith(".razor.cs", StringComparison.Ordinal);

    private static bool StartsWithAny(string path, string[] starts) => starts.Any(start => path.StartsWith(start, StringComparison.Ordinal));

    private static HashSet<string> Declared(SourceFile file)
    {
        var names = Declaration().Matches(file.Text).Select(m => m.Groups["type"].Value);
        return [.. file.Path.EndsWith(".razor", StringComparison.Ordinal) ? names.Append(Path.GetFileNameWithoutExtension(file.Path)) : names];
    }

    private static string Strip(string text) => Comment().Replace(text, " ");

    [GeneratedRegex("""(?m)^\s*//.*$|/\*[\s\S]*?\*/|@\*[\s\S]*?\*@""", RegexOptions.None, MatchMilliseconds)]
    private static partial Regex Comment();

    [GeneratedRegex("""\bMcpPortal\.(?<folder>[A-Z]\w*)""", RegexOptions.None, MatchMilliseconds)]
    private static partial Regex Qualified();

    [GeneratedRegex("""(?<![\w.])(?<folder>[A-Z]\w*)\.(?<type>[A-Z]\w*)""", RegexOptions.None, MatchMilliseconds)]
    private static partial Regex Dotted();

    [GeneratedRegex("""\b(?:class|record struct|record|struct|enum|interface)\s+(?<type>[A-Z]\w*)""", RegexOptions.None, MatchMilliseconds)]
    private static partial Regex Declaration();

    [GeneratedRegex("""\b(?:Microsoft\.EntityFrameworkCore|Npgsql|PortalDb|PortalDatabase|ForUserAsync|ForAccountAsync|ForSystemAsync|ForSystemApart|ForSystemApartAsync|HttpClient|IHttpClientFactory|OutboundGuard|SecretVault|McpPortal\.Vault)\b""", RegexOptions.None, MatchMilliseconds)]
    private static partial Regex NotInPages();
}
