using System.Text.Json.Serialization;

namespace McpPortal.Data;

/// <summary>What kind of credential a server asks for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CredentialSource>))]
public enum CredentialSource
{
    /// <summary>An OAuth grant at a provider, used as access token.</summary>
    Connection,

    /// <summary>A named value that its owner typed in.</summary>
    Secret,
}

/// <summary>Where the credential is put into the request or the process.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CredentialPlacement>))]
public enum CredentialPlacement
{
    /// <summary><c>Authorization: Bearer …</c></summary>
    Bearer,

    /// <summary>The header named by <see cref="CredentialNeed.Target"/>.</summary>
    Header,

    /// <summary>The environment variable named by <see cref="CredentialNeed.Target"/> (stdio).</summary>
    Environment,

    /// <summary>The tool argument named by <see cref="CredentialNeed.Target"/>; hidden from the listed schema.</summary>
    Argument,
}

/// <summary>One credential that a server needs: what it is, and where it goes.</summary>
public sealed record CredentialNeed
{
    /// <summary>Name of the secret, or of the connection within this server.</summary>
    public required string Name { get; init; }

    public required CredentialSource Source { get; init; }

    public required CredentialPlacement Placement { get; init; }

    /// <summary>Header, variable or argument; null for bearer.</summary>
    public string? Target { get; init; }

    /// <summary>Slug of the provider of a connection.</summary>
    public string? Provider { get; init; }

    /// <summary>Scopes that the tools of this server use.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>What a person reads beside the field.</summary>
    public string? Label { get; init; }

    public bool Required { get; init; } = true;
}
