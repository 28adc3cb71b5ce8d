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
}
