using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Tests.Accounts.Jwt;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace McpPortal.Tests.Clients.Issuers;

/// <summary>An issuer of tokens on this machine: its discovery document, its keys, and who asked for them.</summary>
internal sealed class StandInIssuer : IAsyncDisposable
{
    public const string Audience = "mcp-portal";
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _asked = new();

    private StandInIssuer(WebApplication app, string address) => (_app, Issuer) = (app, address);

    public string Issuer { get; }

    public string Authority => new Uri(Issuer).Authority;

    public TokenForge Forge { get; } = new();

    /// <summary>Every path that was asked for.</summary>
    public IReadOnlyCollection<string> Asked => _asked;

    /// <summary>What the discovery document names as issuer; null: itself.</summary>
    public string? Named { get; set; }

    /// <summary>Who signs in there next.</summary>
    public string SignsIn { get; set; } = "nobody";

    /// <summary>With what it was last asked to sign somebody in.</summary>
    public IReadOnlyDictionary<string, StringValues> Question { get; private set; } = new Dictionary<string, StringValues>(StringComparer.Ordinal);

    /// <summary>Makes the next ID tokens say something else.</summary>
    public Action<JsonObject>? ChangeIdToken { get; set; }

    public static async Task<StandInIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var address = $"http://127.0.0.1:{Ports.Free()}";
        builder.WebHost.UseUrls(address);
        var issuer = new StandInIssuer(builder.Build(), address);
        issuer._app.Run(issuer.AnswerAsync);
        await issuer._app.StartAsync();
        return issuer;
    }

    /// <summary>Good claims, changed.</summary>
    public JsonObject Claims(string subject, Action<JsonObject>? change = null)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject { ["iss"] = Issuer, ["aud"] = Audience, ["sub"] = subject, ["iat"] = now, ["exp"] = now + 600, ["email"] = $"{subject}@sandbox.test", ["email_verified"] = true };
        change?.Invoke(claims);
        return claims;
    }

    public string Token(string subject, Action<JsonObject>? change = null, JsonObject? header = null) => Forge.Sign(header, Claims(subject, change));

    public static string Hs256(JsonObject claims, byte[] secret) => TokenForge.SignWith(new JsonObject { ["alg"] = "HS256", ["typ"] = "JWT" }, claims, bytes => HMACSHA256.HashData(secret, bytes));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext context)
    {
        _asked.Enqueue(context.Request.Path);
        context.Response.ContentType = "application/json";
        switch (context.Request.Path.Value)
        {
            case "/.well-known/openid-configuration":
                return context.Response.WriteAsync(new JsonObject { ["issuer"] = Named ?? Issuer, ["jwks_uri"] = $"{Issuer}/jwks", ["authorization_endpoint"] = $"{Issuer}/authorize", ["token_endpoint"] = $"{Issuer}/token" }.ToJsonString());
            case "/authorize":
                Question = QueryHelpers.ParseQuery(context.Request.QueryString.Value);
                context.Response.Redirect(QueryHelpers.AddQueryString(Question["redirect_uri"]!, new Dictionary<string, string?>(StringComparer.Ordinal) { ["code"] = "fake-code", ["state"] = Question["state"] }));
                return Task.CompletedTask;
            case "/token":
                var idToken = Forge.Sign(null, Claims(SignsIn, claims =>
                {
                    (claims["aud"], claims["nonce"]) = ((string)Question["client_id"]!, (string)Question["nonce"]!);
                    ChangeIdToken?.Invoke(claims);
                }));
                return context.Response.WriteAsync(new JsonObject { ["access_token"] = "fake-access-token", ["token_type"] = "Bearer", ["id_token"] = idToken }.ToJsonString());
            case "/jwks":
                return context.Response.WriteAsync(Encoding.UTF8.GetString(Forge.Set()));
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
        }
    }
}
