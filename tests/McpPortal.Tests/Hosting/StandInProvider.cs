using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using McpPortal.Tests.Accounts.Jwt;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Hosting;

/// <summary>An OpenID provider over https on loopback that signs in whoever brings a code; Production accepts no other kind.</summary>
internal sealed class StandInProvider(WebApplication app, int port) : IAsyncDisposable
{
    public int Port => port;

    public string Issuer => $"https://localhost:{port}";

    /// <summary>Of the sign-in that is under way.</summary>
    public string? Nonce { get; set; }

    public static async Task<StandInProvider> StartAsync(X509Certificate2 certificate)
    {
        var port = Ports.Free();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port, listen => listen.UseHttps(certificate)));
        var app = builder.Build();
        var provider = new StandInProvider(app, port);
        var forge = new TokenForge();
        app.MapGet("/.well-known/openid-configuration", () => Json(new JsonObject
        {
            ["issuer"] = provider.Issuer,
            ["authorization_endpoint"] = provider.Issuer + "/authorize",
            ["token_endpoint"] = provider.Issuer + "/token",
            ["jwks_uri"] = provider.Issuer + "/jwks",
            ["response_types_supported"] = new JsonArray("code"),
            ["code_challenge_methods_supported"] = new JsonArray("S256"),
        }));
        app.MapGet("/jwks", () => Results.Bytes(forge.Set(), "application/json"));
        app.MapPost("/token", () =>
        {
            var claims = TokenForge.Claims();
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
            (claims["iss"], claims["nonce"], claims["iat"], claims["exp"]) = (provider.Issuer, provider.Nonce, now, now + 300);
            return Json(new JsonObject { ["access_token"] = "opaque", ["token_type"] = "Bearer", ["id_token"] = forge.Sign(claims: claims) });
        });
        await app.StartAsync();
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static IResult Json(JsonObject body) => Results.Text(body.ToJsonString(), "application/json");
}
