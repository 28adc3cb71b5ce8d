using McpPortal.Data;

namespace McpPortal.Servers;

/// <summary>A catalogue entry as it was at one version; shared by all callers, never changed.</summary>
internal sealed record ServerSnapshot
{
    public required ServerId Id { get; init; }

    public required string Slug { get; init; }

    public required string Name { get; init; }

    public string? Description { get; init; }

    public required Owner Owner { get; init; }

    public required ServerTransport Transport { get; init; }

    /// <summary>Endpoint of an HTTP server.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Absolute program and arguments of a stdio server.</summary>
    public IReadOnlyList<string> CommandLine { get; init; } = [];

    /// <summary>Fixed, public settings; never credentials.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyList<CredentialNeed> Credentials { get; init; } = [];

    /// <summary>Upper bound of one call.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Exact MCP revision to speak; null negotiates.</summary>
    public string? ProtocolPin { get; init; }

    public long Version { get; init; } = 1;

    /// <summary>Where credentials go; owners agree to this text.</summary>
    public required string Destination { get; init; }

    public bool Enabled { get; init; } = true;

    public string? TemplateKey { get; init; }

    public CredentialNeed? Need(string name) => Credentials.FirstOrDefault(need => need.Name == name);

    public static ServerSnapshot Of(Server server) => new()
    {
        Id = server.Id,
        Slug = server.Slug,
        Name = server.Name,
        Description = server.Description,
        Owner = server.Owner,
        Transport = server.Transport,
        Endpoint = server.Url is null ? null : new Uri(server.Url),
        CommandLine = server.CommandLine,
        Settings = server.Settings,
        Credentials = server.Credentials,
        Timeout = TimeSpan.FromSeconds(server.TimeoutSeconds),
        ProtocolPin = server.ProtocolPin,
        Version = server.Version,
        Destination = server.Destination,
        Enabled = server.Enabled,
        TemplateKey = server.TemplateKey,
    };
}
