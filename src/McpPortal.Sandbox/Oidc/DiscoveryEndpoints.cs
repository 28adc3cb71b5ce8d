using System.Text.Json.Nodes;
using McpPortal.Sandbox.Faults;

namespace McpPortal.Sandbox.Oidc;

internal static class DiscoveryEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/.well-known/openid-configuration", (SandboxAddress address) => Results.Json(Document(address.Value))).WithFaults("oidc/discovery");
        routes.MapGet("/oidc/jwks", (SigningKeys keys) => Results.Json(keys.Jwks())).WithFaults("oidc/jwks");
    }

    private static JsonObject Document(string address) => new()
    {
        ["issuer"] = address,
        ["authorization_endpoint"] = $"{address}/oidc/authorize",
        ["token_endpoint"] = $"{address}/oidc/token",
        ["userinfo_endpoint"] = $"{address}/oidc/userinfo",
        ["jwks_uri"] = $"{address}/oidc/jwks",
        ["end_session_endpoint"] = $"{address}/oidc/end-session",
        ["revocation_endpoint"] = $"{address}/oidc/revoke",
        ["response_types_supported"] = List("code"),
        ["response_modes_supported"] = List("query"),
        ["grant_types_supported"] = List("authorization_code", "refresh_token"),
        ["subject_types_supported"] = List("public"),
        ["id_token_signing_alg_values_supported"] = List("RS256", "ES256"),
        ["scopes_supported"] = List("openid", "profile", "email", "offline_access"),
        ["claims_supported"] = List("sub", "name", "preferred_username", "email", "email_verified", "roles", "sid", "auth_time"),
        ["token_endpoint_auth_methods_supported"] = List("client_secret_basic", "client_secret_post"),
        ["code_challenge_methods_supported"] = List("S256"),
        ["prompt_values_supported"] = List("none", "login", "select_account"),
        ["authorization_response_iss_parameter_supported"] = true,
        ["backchannel_logout_supported"] = true,
        ["backchannel_logout_session_supported"] = true,
    };

    private static JsonArray List(params string[] values) => [.. values.Select(value => JsonValue.Create(value))];
}
