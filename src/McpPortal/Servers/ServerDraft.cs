using McpPortal.Data;

namespace McpPortal.Servers;

/// <summary>
/// What a person may say about a server. Owner, transport and command are not in it: they follow from who asks and from the template, so
/// nothing that is posted can set them.
/// </summary>
internal sealed record ServerDraft
{
    /// <summary>Fixed once the server exists.</summary>
    public string Slug { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    /// <summary>HTTP servers only.</summary>
    public string? Url { get; init; }

    public IReadOnlyList<CredentialNeed> Credentials { get; init; } = [];

    /// <summary>Values of the settings that a stdio server's template declares.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public int TimeoutSeconds { get; init; } = 60;

    public string? ProtocolPin { get; init; }

    public static ServerDraft Of(Server server) => new()
    {
        Slug = server.Slug,
        Name = server.Name,
        Description = server.Description,
        Url = server.Url,
        Credentials = server.Credentials,
        Settings = server.Settings,
        TimeoutSeconds = server.TimeoutSeconds,
        ProtocolPin = server.ProtocolPin,
    };
}
