using McpPortal.Data;
using McpPortal.Outbound;

namespace McpPortal.Servers;

/// <summary>Everything that is checked before a server is saved.</summary>
internal sealed class ServerRules(OutboundGuard guard)
{
    public const int MaxTimeoutSeconds = 600;
    private const int MaxUrl = 2000;

    // The revisions that the SDK speaks.
    public static IReadOnlyList<string> ProtocolVersions { get; } = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

    public IReadOnlyList<ServerFault> Faults(ServerDraft draft, OwnerKind owner, ServerTransport transport, IEnumerable<string> declaredSettings)
    {
        List<ServerFault> faults = [];
        Add(nameof(draft.Slug), ServerNames.SlugRefusal(draft.Slug));
        Add(nameof(draft.Name), ServerNames.NameRefusal(draft.Name));
        Add(nameof(draft.Description), ServerNames.DescriptionRefusal(draft.Description));
        Add(nameof(draft.Url), transport == ServerTransport.Http ? UrlRefusal(draft.Url, owner) : draft.Url is null ? null : "A program has no address.");
        Add(nameof(draft.Credentials), CredentialNeedRules.Refusal(transport, draft.Credentials));
        Add(nameof(draft.Settings), SettingsRefusal(draft, transport, declaredSettings));
        Add(nameof(draft.TimeoutSeconds), draft.TimeoutSeconds is < 1 or > MaxTimeoutSeconds ? $"Write a number of seconds from 1 to {MaxTimeoutSeconds}." : null);
        Add(nameof(draft.ProtocolPin), draft.ProtocolPin is null || ProtocolVersions.Contains(draft.ProtocolPin, StringComparer.Ordinal) ? null : "Choose one of the listed revisions, or none.");
        return faults;

        void Add(string field, string? sentence)
        {
            if (sentence is not null)
            {
                faults.Add(new ServerFault(field, sentence));
            }
        }
    }

    private string? UrlRefusal(string? url, OwnerKind owner)
    {
        if (url is not { Length: > 0 and <= MaxUrl } || !Uri.TryCreate(url, UriKind.Absolute, out var address) || url.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return "Write the whole address of the MCP server, for example https://mcp.example.com/mcp.";
        }

        if (address.Fragment.Length > 0)
        {
            return "Leave out what follows the #; it is never sent.";
        }

        return guard.Refusal(address, owner == OwnerKind.Organisation ? OutboundPurpose.Upstream : OutboundPurpose.OwnUpstream);
    }

    private static string? SettingsRefusal(ServerDraft draft, ServerTransport transport, IEnumerable<string> declared)
    {
        if (transport == ServerTransport.Http)
        {
            return draft.Settings.Count == 0 ? null : "Settings are for programs only.";
        }

        var allowed = declared.ToHashSet(StringComparer.Ordinal);
        foreach (var (name, value) in draft.Settings)
        {
            if (!allowed.Contains(name))
            {
                return $"The template declares no setting '{name}'.";
            }

            if ((EnvironmentRules.RefuseName(name) ?? EnvironmentRules.RefuseValue(name, value)) is { } sentence)
            {
                return sentence;
            }

            if (draft.Credentials.Any(need => need.Placement == CredentialPlacement.Environment && need.Target == name))
            {
                return $"The variable {name} is filled with a credential and cannot be a setting as well.";
            }
        }

        return null;
    }
}
