using System.Net;
using System.Text.Json.Nodes;

namespace McpPortal.Tests.Sandbox;

/// <summary>A client of the stand-in Google or GitHub that has obtained tokens for one account.</summary>
internal sealed class ProviderAccount(SandboxHost sandbox, string provider, JsonObject tokens)
{
    public const string GmailScopes = "openid email https://www.googleapis.com/auth/gmail.readonly https://www.googleapis.com/auth/gmail.send";

    public string AccessToken { get; private set; } = (string)tokens["access_token"]!;

    public string? RefreshToken { get; private set; } = (string?)tokens["refresh_token"];

    public JsonObject Tokens { get; } = tokens;

    public static Task<ProviderAccount> GoogleAsync(SandboxHost sandbox, string account, string scope = GmailScopes) =>
        ConnectAsync(sandbox, "google", account, scope, [.. scope.Split(' ').Select(s => ("scope", s))]);

    public static Task<ProviderAccount> GitHubAsync(SandboxHost sandbox, string account) =>
        ConnectAsync(sandbox, "github", account, "repo read:user", []);

    public static (string Name, string Value)[] Form(string provider, string grantType, params (string Name, string Value)[] more) =>
    [
        ("grant_type", grantType),
        ("client_id", $"sandbox-{provider}-client"),
        ("client_secret", $"sandbox-only-not-a-secret-{provider}"),
        .. more,
    ];

    public static string TokenPath(string provider) => provider == "google" ? "/google/token" : "/github/login/oauth/access_token";

    public static string AuthorizePath(string provider, string scope, params (string Name, string? Value)[] more) =>
        (provider == "google" ? "/google/authorize" : "/github/login/oauth/authorize")
        + SandboxHost.AuthorizeQuery($"sandbox-{provider}-client", scope, [("access_type", "offline"), .. more]);

    public static Task<(HttpStatusCode Status, JsonObject Body)> ExchangeAsync(SandboxHost sandbox, string provider, string code, string verifier = SandboxHost.Verifier) =>
        sandbox.PostAsync(TokenPath(provider), Form(provider, "authorization_code", ("code", code), ("redirect_uri", SandboxHost.Redirect), ("code_verifier", verifier)));

    /// <summary>Presents the current refresh token, or an older one; keeps what comes back.</summary>
    public async Task<(HttpStatusCode Status, JsonObject Body)> RefreshAsync(string? refreshToken = null)
    {
        var (status, body) = await sandbox.PostAsync(TokenPath(provider), Form(provider, "refresh_token", ("refresh_token", refreshToken ?? RefreshToken!)));
        if (body["access_token"] is { } access)
        {
            AccessToken = (string)access!;
            RefreshToken = (string?)body["refresh_token"] ?? RefreshToken;
        }

        return (status, body);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Authorization = new("Bearer", AccessToken);
        return await sandbox.Browser.SendAsync(request);
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var response = await SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    private static async Task<ProviderAccount> ConnectAsync(SandboxHost sandbox, string provider, string account, string scope, (string Name, string Value)[] fields)
    {
        var back = await sandbox.ClickAsync(AuthorizePath(provider, scope), [("decision", "allow"), ("account", account), .. fields]);
        var (status, tokens) = await ExchangeAsync(sandbox, provider, back["code"]);
        Assert.Equal(HttpStatusCode.OK, status);
        return new ProviderAccount(sandbox, provider, tokens);
    }
}
