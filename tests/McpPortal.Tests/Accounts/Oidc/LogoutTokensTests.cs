using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Accounts.Jwt;
using McpPortal.Accounts.Oidc;
using McpPortal.Outbound;
using McpPortal.Tests.Accounts.Jwt;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace McpPortal.Tests.Accounts.Oidc;

/// <summary>OpenID Connect Back-Channel Logout 1.0 §2.6, against keys that are fetched over HTTP.</summary>
public sealed class LogoutTokensTests : IAsyncLifetime
{
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";
    private static readonly TokenForge Forge = new();
    private static readonly Dictionary<string, Action<JsonObject>> Bad = new(StringComparer.Ordinal)
    {
        ["no events"] = c => c.Remove("events"),
        ["events a string"] = c => c["events"] = Event,
        ["another event"] = c => c["events"] = new JsonObject { ["http://schemas.openid.net/event/other"] = new JsonObject() },
        ["event not an object"] = c => c["events"] = new JsonObject { [Event] = true },
        ["a nonce"] = c => c["nonce"] = "n",
        ["a null nonce"] = c => c["nonce"] = null,
        ["neither sub nor sid"] = c => { c.Remove("sub"); c.Remove("sid"); },
        ["sub a number"] = c => c["sub"] = 7,
        ["sid empty"] = c => c["sid"] = "",
        ["no jti"] = c => c.Remove("jti"),
        ["jti too long"] = c => c["jti"] = new string('x', 256),
        ["no iat"] = c => c.Remove("iat"),
        ["too old"] = c => c["iat"] = TokenForge.Now.ToUnixTimeSeconds() - 301,
        ["no exp"] = c => c.Remove("exp"),
        ["expired"] = c => c["exp"] = TokenForge.Now.ToUnixTimeSeconds() - 61,
        ["another audience"] = c => c["aud"] = "another",
        ["another issuer"] = c => c["iss"] = "https://evil.example",
    };

    private readonly ManualClock _clock = new(TokenForge.Now);
    private WebApplication _server = null!;
    private OutboundGuard _guard = null!;
    private OidcProvider _provider = null!;
    private LogoutTokens _tokens = null!;
    private string _issuer = "";

    public static TheoryData<string> BadNames => [.. Bad.Keys];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.MapGet("/.well-known/openid-configuration", () => Results.Json(new JsonObject
        {
            ["issuer"] = _issuer,
            ["authorization_endpoint"] = _issuer + "/a",
            ["token_endpoint"] = _issuer + "/t",
            ["jwks_uri"] = _issuer + "/keys",
        }));
        _server.MapGet("/keys", () => Results.Bytes(Forge.Set(), "application/json"));
        await _server.StartAsync(Stop);
        _issuer = _server.Urls.Single();
        var environment = new HostingEnvironment { EnvironmentName = Environments.Development };
        _guard = new OutboundGuard(new OutboundOptions { AllowedHosts = [new Uri(_issuer).Authority] }, development: true, Dns.GetHostAddressesAsync);
        _provider = new OidcProvider(Options.Create(new OidcSettings { Authority = _issuer, ClientId = TokenForge.Audience }), _guard, environment, _clock, NullLogger<OidcProvider>.Instance);
        _tokens = new LogoutTokens(_provider, new JwtVerifier(_clock), _clock);
    }

    public async ValueTask DisposeAsync()
    {
        _provider.Dispose();
        _guard.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("logout+jwt")]
    [InlineData("JWT")]
    [InlineData(null)]
    public async Task A_proper_token_names_whose_sessions_end(string? type)
    {
        var (request, problem) = await VerifyAsync(Claims(), type);
        Assert.Null(problem);
        Assert.Equal(new LogoutRequest(_issuer, "subject-1", "session-1", TokenForge.Now), request);
    }

    [Theory]
    [InlineData("sub")]
    [InlineData("sid")]
    public async Task One_of_subject_and_session_is_enough(string left)
    {
        var claims = Claims();
        claims.Remove(left == "sub" ? "sid" : "sub");
        Assert.NotNull((await VerifyAsync(claims)).Request);
    }

    [Theory]
    [MemberData(nameof(BadNames))]
    public async Task A_bad_token_is_refused(string name)
    {
        var claims = Claims();
        Bad[name](claims);
        var (request, problem) = await VerifyAsync(claims);
        Assert.Null(request);
        Assert.NotNull(problem);
    }

    [Fact]
    public async Task An_access_token_type_and_a_foreign_signature_are_refused()
    {
        Assert.Null((await VerifyAsync(Claims(), "at+jwt")).Request);
        Assert.Null((await _tokens.VerifyAsync(Forge.Sign(TokenForge.Header(), Claims(), Forge.OtherRsa), Stop)).Request);
    }

    [Fact]
    public async Task A_token_is_good_once()
    {
        var token = Forge.Sign(TokenForge.Header(), Claims());
        Assert.NotNull((await _tokens.VerifyAsync(token, Stop)).Request);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("it was used before", (await _tokens.VerifyAsync(token, Stop)).Problem);
            _clock.Now += TimeSpan.FromSeconds(60);
        }
    }

    private ValueTask<(LogoutRequest? Request, string? Problem)> VerifyAsync(JsonObject claims, string? type = "logout+jwt")
    {
        var header = TokenForge.Header();
        header["typ"] = type;
        if (type is null)
        {
            header.Remove("typ");
        }

        return _tokens.VerifyAsync(Forge.Sign(header, claims), Stop);
    }

    private JsonObject Claims()
    {
        var claims = TokenForge.Claims();
        claims["iss"] = _issuer;
        claims["sid"] = "session-1";
        claims["jti"] = Guid.NewGuid().ToString();
        claims["events"] = new JsonObject { [Event] = new JsonObject() };
        return claims;
    }
}
