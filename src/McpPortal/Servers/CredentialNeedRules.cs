using McpPortal.Data;

namespace McpPortal.Servers;

/// <summary>Rules for what a server may ask people for, and where it may be put.</summary>
internal static class CredentialNeedRules
{
    private const int MaxNeeds = 20;
    private const int MaxScopes = 50;

    /// <returns>A sentence that says what is wrong, or null.</returns>
    public static string? Refusal(ServerTransport transport, IReadOnlyList<CredentialNeed> needs)
    {
        if (needs.Count > MaxNeeds)
        {
            return $"A server can ask for at most {MaxNeeds} credentials.";
        }

        return needs.Select(need => Refusal(transport, need)).FirstOrDefault(sentence => sentence is not null)
            ?? Twice(needs.Select(need => need.Name), "Two credentials are both named '{0}'.")
            ?? Twice(needs.Select(Place), "Two credentials both go to {0}.");
    }

    private static string? Refusal(ServerTransport transport, CredentialNeed need)
    {
        if (!IsName(need.Name))
        {
            return "Name each credential with letters, digits, '-', '_' and '.', at most 64 of them.";
        }

        if (need.Label is { } label && ServerNames.NameRefusal(label) is not null)
        {
            return $"The label of '{need.Name}' is empty, too long, or holds characters that cannot be seen.";
        }

        if (need.Source == CredentialSource.Connection && (need.Provider is null || ServerNames.SlugRefusal(need.Provider) is not null))
        {
            return $"Say which provider '{need.Name}' connects to.";
        }

        if (need.Scopes.Count > MaxScopes || need.Scopes.Any(scope => scope.Length is 0 or > 300 || scope.AsSpan().ContainsAnyExceptInRange('!', '~')))
        {
            return $"A scope of '{need.Name}' is not one that a provider could grant.";
        }

        return (transport, need.Placement, need.Source) switch
        {
            (ServerTransport.Http, CredentialPlacement.Bearer, _) => need.Target is null ? null : $"'{need.Name}' is the bearer token and has no other name to go by.",
            (ServerTransport.Http, CredentialPlacement.Header, _) => HeaderRules.Refusal(need.Target),
            (ServerTransport.Stdio, CredentialPlacement.Environment, _) => EnvironmentRules.RefuseName(need.Target ?? ""),
            (_, CredentialPlacement.Argument, CredentialSource.Secret) => need.Target is { } target && IsName(target) ? null : $"Write the name of the tool argument that '{need.Name}' fills.",
            (_, CredentialPlacement.Argument, _) => $"'{need.Name}' is an account; it goes along as bearer token, header or variable, not as an argument.",
            (ServerTransport.Http, _, _) => $"'{need.Name}' would go into a variable, but this server is reached over HTTP.",
            _ => $"'{need.Name}' would go into a header, but this server is a program.",
        };
    }

    private static bool IsName(string name) => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static string Place(CredentialNeed need) => need.Placement switch
    {
        CredentialPlacement.Bearer => "the bearer token",
        // Header names do not differ by case (RFC 9110 §5.1).
        CredentialPlacement.Header => $"the header {need.Target!.ToLowerInvariant()}",
        CredentialPlacement.Environment => $"the variable {need.Target}",
        _ => $"the argument {need.Target}",
    };

    private static string? Twice(IEnumerable<string> texts, string sentence)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return texts.FirstOrDefault(text => !seen.Add(text)) is { } twice ? string.Format(System.Globalization.CultureInfo.InvariantCulture, sentence, twice) : null;
    }
}
