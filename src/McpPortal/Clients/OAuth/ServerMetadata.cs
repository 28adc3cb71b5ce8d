using System.Text.Json.Serialization;

namespace McpPortal.Clients.OAuth;

/// <summary>Metadata of the authorization server (RFC 8414 §2).</summary>
internal sealed record ServerMetadata(
    [property: JsonPropertyName("issuer")] string Issuer,
    [property: JsonIgnore] bool Registration)
{
    public const string WellKnown = "/.well-known/oauth-authorization-server";
    public const string AuthorizePath = "/authorize";
    public const string TokenPath = "/token";
    public const string RegisterPath = "/register";
    public const string RevokePath = "/revoke";
    private static readonly IReadOnlyList<string> PublicClients = ["none"];

    [JsonPropertyName("authorization_endpoint")]
    public string AuthorizationEndpoint => Issuer + AuthorizePath;

    [JsonPropertyName("token_endpoint")]
    public string TokenEndpoint => Issuer + TokenPath;

    [JsonPropertyName("registration_endpoint"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RegistrationEndpoint => Registration ? Issuer + RegisterPath : null;

    [JsonPropertyName("revocation_endpoint")]
    public string RevocationEndpoint => Issuer + RevokePath;

    [JsonPropertyName("scopes_supported")]
    public IReadOnlyList<string> Scopes => ClientScopes.All;

    [JsonPropertyName("response_types_supported")]
    public IReadOnlyList<string> ResponseTypes { get; } = ["code"];

    [JsonPropertyName("response_modes_supported")]
    public IReadOnlyList<string> ResponseModes { get; } = ["query"];

    [JsonPropertyName("grant_types_supported")]
    public IReadOnlyList<string> GrantTypes { get; } = ["authorization_code", "refresh_token"];

    [JsonPropertyName("token_endpoint_auth_methods_supported")]
    public IReadOnlyList<string> AuthMethods => PublicClients;

    [JsonPropertyName("revocation_endpoint_auth_methods_supported")]
    public IReadOnlyList<string> RevocationAuthMethods => PublicClients;

    [JsonPropertyName("code_challenge_methods_supported")]
    public IReadOnlyList<string> ChallengeMethods { get; } = ["S256"];

    [JsonPropertyName("authorization_response_iss_parameter_supported")]
    public bool AnswersIssuer => true;

    [JsonPropertyName("client_id_metadata_document_supported")]
    public bool TakesDocuments => true;
}
