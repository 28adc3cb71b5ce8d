using System.Text.Json;
using System.Text.Json.Serialization;

namespace McpPortal.Clients.OAuth;

/// <summary>The members of client metadata (RFC 7591 §2) that the portal reads; others are passed over.</summary>
internal sealed record ClientMetadata
{
    private static readonly JsonSerializerOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    [JsonPropertyName("client_id")]
    public string? ClientId { get; init; }

    [JsonPropertyName("client_name")]
    public string? ClientName { get; init; }

    [JsonPropertyName("redirect_uris")]
    public IReadOnlyList<string>? RedirectUris { get; init; }

    [JsonPropertyName("grant_types")]
    public IReadOnlyList<string>? GrantTypes { get; init; }

    [JsonPropertyName("response_types")]
    public IReadOnlyList<string>? ResponseTypes { get; init; }

    [JsonPropertyName("token_endpoint_auth_method")]
    public string? AuthMethod { get; init; }

    /// <returns>Null when it is no such object.</returns>
    public static ClientMetadata? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<ClientMetadata>(json, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
