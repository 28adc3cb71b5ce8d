using System.Text.Json.Nodes;
using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.Oidc;

namespace McpPortal.Sandbox.Google;

internal static class GoogleDiscoveryEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/google/.well-known/openid-configuration", (GoogleIssuer issuer) => Results.Json(new JsonObject
        {
            ["issuer"] = issuer.Value,
            ["authorization_endpoint"] = $"{issuer.Value}/authorize",
            ["token_endpoint"] = $"{issuer.Value}/token",
            ["userinfo_endpoint"] = $"{issuer.Value}/userinfo",
            ["revocation_endpoint"] = $"{issuer.Value}/revoke",
            ["jwks_uri"] = $"{issuer.Value}/jwks",
            ["response_types_supported"] = new JsonArray("code"),
            ["subject_types_supported"] = new JsonArray("public"),
            ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
            ["token_endpoint_auth_methods_supported"] = new JsonArray("client_secret_post", "client_secret_basic"),
            ["code_challenge_methods_supported"] = new JsonArray("S256"),
            ["authorization_response_iss_parameter_supported"] = true,
        })).WithFaults("google/discovery");
        routes.MapGet("/google/jwks", (SigningKeys keys) => Results.Json(keys.Jwks())).WithFaults("google/jwks");
    }
}
