using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Tests.Accounts.Jwt;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Attacks.Auth;

/// <summary>A sign-in provider that is good until a test changes what it says.</summary>
internal sealed class EvilProvider : IAsyncDisposable
{
    public const string ClientId = "portal";
    private readonly ConcurrentDictionary<string, string?> _nonces = new(StringComparer.Ordinal);
    private readonly TokenForge _forge;
    private WebApplication? _app;
    private int _exchanges;

    private EvilProvider(string address, TokenForge forge) => (Issuer, _forge) = (address, forge);

    public string Issuer { get; }

    public TokenForge Forge => _forge;

    /// <summary>How often somebody tried to redeem a code.</summary>
    public int Exchanges => _exchanges;

    /// <summary>Every code and token that it gave out.</summary>
    public ConcurrentBag<string> Told { get; } = [];

    /// <summary>What the ID token says.</summary>
    public Action<JsonObject> Claims { get; set; } = _ => { };

    /// <summary>Makes the ID token of header and claims; null leaves it out.</summary>
    public Func<JsonObject, JsonObject, string?> Sign { get; set; } = (_, _) => "";

    public Action<JsonObject> UserInfo { get; set; } = _ => { };

    public Action<JsonObject> TokenAnswer { get; set; } = _ => { };

    public Action<JsonObject> Metadata { get; set; } = _ => { };

    /// <summary>The <c>iss</c> beside the code.</summary>
    public string? AnswerIssuer { get; set; }

    public string Subject { get; set; } = "subject-1";

    public static async Task<EvilProvider> StartAsync(int port, bool listen = true)
    {
        var provider = new EvilProvider($"http://127.0.0.1:{port}", new TokenForge());
        provider.BeGood();
        if (listen)
        {
            await provider.ListenAsync();
        }

        return provider;
    }

    public void BeGood()
    {
        (Claims, UserInfo, TokenAnswer, Metadata, AnswerIssuer, Subject) = (_ => { }, _ => { }, _ => { }, _ => { }, Issuer, "subject-1");
        Sign = (header, claims) => _forge.Sign(header, claims);
    }

    public async Task ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Issuer);
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", () => Results.Content(Changed(MetadataJson(), Metadata).ToJsonString(), "application/json"));
        _app.MapGet("/jwks", () => Results.Bytes(_forge.Set(), "application/json"));
        _app.MapGet("/authorize", Authorize);
        // As a request delegate, which this would be by itself, its answer would be thrown away.
        _app.MapPost("/token", (Delegate)TokenAsync);
        _app.MapGet("/userinfo", () => Results.Content(Changed(new JsonObject { ["sub"] = Subject, ["name"] = "From userinfo" }, UserInfo).ToJsonString(), "application/json"));
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    private IResult Authorize(string redirect_uri, string state, string? nonce)
    {
        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        _nonces[code] = nonce;
        Told.Add(code);
        var issuer = AnswerIssuer is null ? "" : $"&iss={Uri.EscapeDataString(AnswerIssuer)}";
        return Results.Redirect($"{redirect_uri}?code={code}&state={Uri.EscapeDataString(state)}{issuer}");
    }

    private async Task<IResult> TokenAsync(HttpContext context)
    {
        Interlocked.Increment(ref _exchanges);
        var form = await context.Request.ReadFormAsync();
        if (!_nonces.TryRemove(form["code"].ToString(), out var nonce))
        {
            return Results.Json(new { error = "invalid_grant" }, statusCode: 400);
        }

        var access = $"access-canary-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";
        Told.Add(access);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = Changed(
            new JsonObject
            {
                ["iss"] = Issuer, ["aud"] = ClientId, ["sub"] = Subject, ["iat"] = now, ["exp"] = now + 300, ["nonce"] = nonce,
                ["at_hash"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(access)).AsSpan(0, 16)),
                ["name"] = "Somebody", ["email"] = "same@sandbox.test", ["email_verified"] = true, ["sid"] = "provider-session",
            },
            Claims);
        var answer = new JsonObject { ["access_token"] = access, ["token_type"] = "Bearer", ["expires_in"] = 300 };
        if (Sign(TokenForge.Header(), claims) is { } token)
        {
            answer["id_token"] = token;
            Told.Add(token);
        }

        return Results.Content(Changed(answer, TokenAnswer).ToJsonString(), "application/json");
    }

    private JsonObject MetadataJson() => new()
    {
        ["issuer"] = Issuer,
        ["authorization_endpoint"] = $"{Issuer}/authorize",
        ["token_endpoint"] = $"{Issuer}/token",
        ["jwks_uri"] = $"{Issuer}/jwks",
        ["userinfo_endpoint"] = $"{Issuer}/userinfo",
        ["authorization_response_iss_parameter_supported"] = true,
        ["code_challenge_methods_supported"] = new JsonArray("S256"),
    };

    private static JsonObject Changed(JsonObject good, Action<JsonObject> change)
    {
        change(good);
        return good;
    }
}
