using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Sandbox;
using McpPortal.Sandbox.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Sandbox;

public sealed class OidcProviderTests
{
    private const string Scope = "openid profile email";

    [Fact]
    public async Task The_code_flow_with_pkce_signs_a_person_in()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var page = await sandbox.Browser.GetStringAsync(Authorize(("login_hint", "ben")));
        Assert.True(page.IndexOf("signin-ben", StringComparison.Ordinal) < page.IndexOf("signin-ana", StringComparison.Ordinal));

        var back = await sandbox.ClickAsync(Authorize(), ("user", "ana"));
        Assert.Equal("state-1", back["state"]);
        Assert.Equal(sandbox.Address, back["iss"]);

        var (status, tokens) = await ExchangeAsync(sandbox, back["code"]);
        Assert.Equal(HttpStatusCode.OK, status);
        var claims = await VerifyAsync(sandbox, (string)tokens["id_token"]!);
        Assert.Equal(sandbox.Address, (string?)claims["iss"]);
        Assert.Equal("portal", (string?)claims["aud"]);
        Assert.Equal("nonce-1", (string?)claims["nonce"]);
        Assert.Equal("ana@sandbox.test", (string?)claims["email"]);
        Assert.True((bool)claims["email_verified"]!);
        Assert.Null(claims["roles"]);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/oidc/userinfo");
        request.Headers.Authorization = new("Bearer", (string)tokens["access_token"]!);
        using var response = await sandbox.Browser.SendAsync(request);
        var info = await response.Content.ReadFromJsonAsync<JsonObject>();
        Assert.Equal((string?)claims["sub"], (string?)info!["sub"]);
    }

    [Fact]
    public async Task Cara_is_an_admin()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var back = await sandbox.ClickAsync(Authorize(), ("user", "cara"));
        var (_, tokens) = await ExchangeAsync(sandbox, back["code"]);
        var claims = await VerifyAsync(sandbox, (string)tokens["id_token"]!);
        Assert.Equal("admin", (string?)claims["roles"]!.AsArray().Single());
    }

    [Fact]
    public async Task A_client_can_ask_for_es256()
    {
        await using var sandbox = await SandboxHost.StartAsync(options => options.Portal.IdTokenAlgorithm = "ES256");
        var back = await sandbox.ClickAsync(Authorize(), ("user", "ana"));
        var (_, tokens) = await ExchangeAsync(sandbox, back["code"]);
        Assert.Equal("sandbox-ana", (string?)(await VerifyAsync(sandbox, (string)tokens["id_token"]!))["sub"]);
    }

    [Theory]
    [InlineData("code_verifier", "another-verifier-that-is-long-enough-0123456789-abc")]
    [InlineData("code_verifier", "")]
    [InlineData("redirect_uri", "http://localhost:5080/elsewhere")]
    [InlineData("code", "sandbox-code-guessed")]
    public async Task A_code_is_refused_when_something_differs(string name, string value)
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var back = await sandbox.ClickAsync(Authorize(), ("user", "ana"));
        var (status, body) = await ExchangeAsync(sandbox, back["code"], (name, value));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("invalid_grant", (string?)body["error"]);
    }

    [Fact]
    public async Task A_wrong_client_secret_is_refused()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var back = await sandbox.ClickAsync(Authorize(), ("user", "ana"));
        var (status, body) = await ExchangeAsync(sandbox, back["code"], ("client_secret", "wrong"));
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal("invalid_client", (string?)body["error"]);
    }

    [Fact]
    public async Task A_code_used_twice_ends_the_tokens_of_its_first_use()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var back = await sandbox.ClickAsync(Authorize(), ("user", "ana"));
        await ExchangeAsync(sandbox, back["code"]);
        var (status, _) = await ExchangeAsync(sandbox, back["code"]);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(1, (await sandbox.StatsAsync()).FamiliesRevoked);
    }

    [Theory]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("scope", "email", "invalid_scope")]
    public async Task A_bad_request_goes_back_to_the_client(string name, string? value, string error)
    {
        await using var sandbox = await SandboxHost.StartAsync();
        using var response = await sandbox.Browser.GetAsync(Authorize((name, value)));
        Assert.Equal(error, SandboxHost.RedirectQuery(response)["error"]);
    }

    [Theory]
    [InlineData("client_id", "another")]
    [InlineData("redirect_uri", "https://evil.example/signin-oidc")]
    [InlineData("redirect_uri", "http://localhost.evil.example/signin-oidc")]
    [InlineData("redirect_uri", "javascript:alert(1)")]
    public async Task An_unknown_client_or_address_is_never_redirected_to(string name, string value)
    {
        await using var sandbox = await SandboxHost.StartAsync();
        using var response = await sandbox.Browser.GetAsync(Authorize((name, value)));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Null(response.Headers.Location);
    }

    [Theory]
    [InlineData("ana", "sandbox-ana")]
    [InlineData("ben@sandbox.test", "sandbox-ben")]
    [InlineData("test-042", "sandbox-test-042")]
    public async Task Auto_consent_with_a_hint_needs_no_click(string hint, string subject)
    {
        await using var sandbox = await SandboxHost.StartAsync(options => options.AutoConsent = true);
        using var response = await sandbox.Browser.GetAsync(Authorize(("login_hint", hint)));
        var (_, tokens) = await ExchangeAsync(sandbox, SandboxHost.RedirectQuery(response)["code"]);
        Assert.Equal(subject, (string?)(await VerifyAsync(sandbox, (string)tokens["id_token"]!))["sub"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("test-000")]
    [InlineData("test-1000")]
    [InlineData("mallory")]
    public async Task Auto_consent_without_a_known_person_asks(string? hint)
    {
        await using var sandbox = await SandboxHost.StartAsync(options => options.AutoConsent = true);
        using var response = await sandbox.Browser.GetAsync(Authorize(("login_hint", hint)));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Sign_out_returns_to_the_client_and_tells_its_back_channel()
    {
        var told = new TaskCompletionSource<string>();
        await using var client = await ListenAsync(told);
        await using var sandbox = await SandboxHost.StartAsync(options => options.Portal.BackChannelLogoutUri = client.Urls.Single() + "/logout");
        var back = await sandbox.ClickAsync(Authorize(), ("user", "ana"));
        var (_, tokens) = await ExchangeAsync(sandbox, back["code"]);
        var idToken = (string)tokens["id_token"]!;

        using var response = await sandbox.Browser.GetAsync(
            $"/oidc/end-session?id_token_hint={idToken}&state=s2&post_logout_redirect_uri={Uri.EscapeDataString("http://localhost:5080/signout-callback-oidc")}");
        Assert.Equal("http://localhost:5080/signout-callback-oidc?state=s2", response.Headers.Location!.OriginalString);

        var claims = await VerifyAsync(sandbox, await told.Task, "logout+jwt");
        Assert.Equal((string?)(await VerifyAsync(sandbox, idToken))["sid"], (string?)claims["sid"]);
        Assert.NotNull(claims["events"]!["http://schemas.openid.net/event/backchannel-logout"]);
        Assert.Null(claims["nonce"]);

        using var after = await sandbox.Browser.GetAsync(Authorize(("prompt", "none")));
        Assert.Equal("login_required", SandboxHost.RedirectQuery(after)["error"]);
    }

    [Fact]
    public async Task A_sign_out_by_the_provider_tells_the_client_at_the_address_it_came_from()
    {
        var told = new TaskCompletionSource<string>();
        await using var client = await ListenAsync(told);
        await using var sandbox = await SandboxHost.StartAsync(options => options.Portal.BackChannelLogoutPath = "/logout");
        await sandbox.ClickAsync(Authorize(("redirect_uri", client.Urls.Single() + "/signin-oidc")), ("user", "ben"));
        using var response = await sandbox.Browser.PostAsJsonAsync("/sandbox/sign-out", new SignOutRequest("ben"));
        Assert.Equal("[200]", (await response.Content.ReadFromJsonAsync<JsonObject>())!["statuses"]!.ToJsonString());
        Assert.Equal("sandbox-ben", (string?)(await VerifyAsync(sandbox, await told.Task, "logout+jwt"))["sub"]);
    }

    [Fact]
    public async Task Sign_out_without_a_hint_asks_first()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        await sandbox.ClickAsync(Authorize(), ("user", "ana"));
        Assert.Contains("signout-confirm", await sandbox.Browser.GetStringAsync("/oidc/end-session"), StringComparison.Ordinal);
        using var still = await sandbox.Browser.GetAsync(Authorize(("prompt", "none")));
        Assert.True(SandboxHost.RedirectQuery(still).ContainsKey("code"));
    }

    [Fact]
    public async Task A_test_can_make_the_tokens_wrong()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        await sandbox.FaultAsync(new Fault { Endpoint = "oidc/token", Issuer = "https://evil.example", Audience = "another", Nonce = "other" });
        await sandbox.FaultAsync(new Fault { Endpoint = "oidc/authorize", Issuer = "https://evil.example" });
        var back = await sandbox.ClickAsync(Authorize(), ("user", "ana"));
        Assert.Equal("https://evil.example", back["iss"]);
        var (_, tokens) = await ExchangeAsync(sandbox, back["code"]);
        var claims = await VerifyAsync(sandbox, (string)tokens["id_token"]!);
        Assert.Equal("https://evil.example another other", $"{claims["iss"]} {claims["aud"]} {claims["nonce"]}");
    }

    [Fact]
    public async Task Signing_keys_can_be_rotated_with_and_without_the_old_ones()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        Assert.Equal(2, await KeysAsync(sandbox));
        await sandbox.Browser.PostAsync("/sandbox/rotate-keys", null);
        Assert.Equal(4, await KeysAsync(sandbox));
        await sandbox.Browser.PostAsync("/sandbox/rotate-keys?dropOld=true", null);
        Assert.Equal(2, await KeysAsync(sandbox));
    }

    private static async Task<int> KeysAsync(SandboxHost sandbox) =>
        (await sandbox.Browser.GetFromJsonAsync<JsonObject>("/oidc/jwks"))!["keys"]!.AsArray().Count;

    private static string Authorize(params (string Name, string? Value)[] more) =>
        "/oidc/authorize" + SandboxHost.AuthorizeQuery("portal", Scope, [("nonce", "nonce-1"), .. more]);

    private static Task<(HttpStatusCode Status, JsonObject Body)> ExchangeAsync(SandboxHost sandbox, string code, params (string Name, string Value)[] changes)
    {
        Dictionary<string, string> form = new()
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = "portal",
            ["client_secret"] = "sandbox-only-not-a-secret-portal",
            ["code"] = code,
            ["redirect_uri"] = SandboxHost.Redirect,
            ["code_verifier"] = SandboxHost.Verifier,
        };
        foreach (var (name, value) in changes)
        {
            form[name] = value;
        }

        return sandbox.PostAsync("/oidc/token", [.. form.Select(pair => (pair.Key, pair.Value))]);
    }

    /// <summary>Checks the signature with the published key, independently of the code that made it.</summary>
    private static async Task<JsonObject> VerifyAsync(SandboxHost sandbox, string token, string type = "JWT")
    {
        var parts = token.Split('.');
        var header = JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!;
        Assert.Equal(type, (string?)header["typ"]);
        var jwks = await sandbox.Browser.GetFromJsonAsync<JsonObject>("/oidc/jwks");
        var jwk = jwks!["keys"]!.AsArray().Single(key => (string?)key!["kid"] == (string?)header["kid"])!;
        var input = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        var signature = Base64Url.DecodeFromChars(parts[2]);
        if ((string?)header["alg"] == "ES256")
        {
            using var ec = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") } });
            Assert.True(ec.VerifyData(input, signature, HashAlgorithmName.SHA256));
        }
        else
        {
            using var rsa = RSA.Create(new RSAParameters { Modulus = Bytes(jwk, "n"), Exponent = Bytes(jwk, "e") });
            Assert.True(rsa.VerifyData(input, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        }

        return JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!.AsObject();
    }

    private static byte[] Bytes(JsonNode jwk, string name) => Base64Url.DecodeFromChars((string)jwk[name]!);

    private static async Task<WebApplication> ListenAsync(TaskCompletionSource<string> told)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPost("/logout", async (HttpRequest request) => told.TrySetResult((await request.ReadFormAsync())["logout_token"].ToString()));
        await app.StartAsync();
        return app;
    }
}
