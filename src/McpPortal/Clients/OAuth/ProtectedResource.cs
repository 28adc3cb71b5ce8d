using System.Text.Json.Serialization;

namespace McpPortal.Clients.OAuth;

/// <summary>Metadata of a protected resource (RFC 9728 §2).</summary>
internal sealed record ProtectedResource(
    [property: JsonPropertyName("resource")] string Resource,
    [property: JsonPropertyName("authorization_servers")] IReadOnlyList<string> AuthorizationServers)
{
    public const string WellKnown = "/.well-known/oauth-protected-resource";

    [JsonPropertyName("scopes_supported")]
    public IReadOnlyList<string> Scopes => ClientScopes.All;

    [JsonPropertyName("bearer_methods_supported")]
    public IReadOnlyList<string> BearerMethods { get; } = ["header"];

    [JsonPropertyName("resource_name")]
    public string Name => "McpPortal";

    /// <summary>Whether a server could have this short name; which ones there are is nobody's business here.</summary>
    public static bool IsName(string server) => server.Length is > 0 and <= 64 && server.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
