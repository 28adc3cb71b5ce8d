using System.Net;
using McpPortal.Sandbox.Faults;

namespace McpPortal.Tests.Sandbox;

public sealed class ConsentTests
{
    [Theory]
    [InlineData("google", "ana@gmail.sandbox.test")]
    [InlineData("github", "ana-dev")]
    public async Task The_signed_in_persons_own_account_is_offered_first(string provider, string account)
    {
        await using var sandbox = await SandboxHost.StartAsync();
        await sandbox.ClickAsync("/oidc/authorize" + SandboxHost.AuthorizeQuery("portal", "openid"), ("user", "ana"));
        var page = await sandbox.Browser.GetStringAsync(ProviderAccount.AuthorizePath(provider, "repo"));
        Assert.Contains($"value=\"{account}\" data-testid=\"account-{account}\" checked", page, StringComparison.Ordinal);
        Assert.DoesNotContain("ben", page, StringComparison.Ordinal);
        Assert.Contains("consent-allow", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("google")]
    [InlineData("github")]
    public async Task Cancel_goes_back_with_access_denied(string provider)
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var back = await sandbox.ClickAsync(ProviderAccount.AuthorizePath(provider, "repo"), ("decision", "deny"));
        Assert.Equal("access_denied", back["error"]);
        Assert.Equal("state-1", back["state"]);
    }

    [Theory]
    [InlineData("google", "ben@gmail.sandbox.test", "ben@gmail.sandbox.test")]
    [InlineData("google", "ben", "ben@gmail.sandbox.test")]
    [InlineData("github", "ben-club", "ben-club")]
    [InlineData("github", "test-007", "test-007-dev")]
    public async Task Auto_consent_with_a_hint_needs_no_click(string provider, string hint, string account)
    {
        await using var sandbox = await SandboxHost.StartAsync(options => options.AutoConsent = true);
        using var response = await sandbox.Browser.GetAsync(ProviderAccount.AuthorizePath(provider, "repo", ("login_hint", hint)));
        await ProviderAccount.ExchangeAsync(sandbox, provider, SandboxHost.RedirectQuery(response)["code"]);
        Assert.Equal(1, (await sandbox.StatsAsync()).LiveFamilies[$"{provider}:{account}"]);
    }

    [Fact]
    public async Task A_stranger_cannot_be_consented_for()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var back = await sandbox.ClickAsync(ProviderAccount.AuthorizePath("github", "repo"), ("decision", "allow"), ("account", "mallory-dev"));
        Assert.Equal("access_denied", back["error"]);
    }

    [Fact]
    public async Task A_test_can_bend_the_issuer_of_the_redirect()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var path = ProviderAccount.AuthorizePath("google", "openid");
        (string, string)[] allow = [("decision", "allow"), ("account", "ana@gmail.sandbox.test"), ("scope", "openid")];
        Assert.Equal(sandbox.Address + "/google", (await sandbox.ClickAsync(path, allow))["iss"]);
        await sandbox.FaultAsync(new Fault { Endpoint = "google/authorize", Issuer = "https://evil.example" });
        Assert.Equal("https://evil.example", (await sandbox.ClickAsync(path, allow))["iss"]);
        await sandbox.FaultAsync(new Fault { Endpoint = "google/authorize", Issuer = "" });
        Assert.False((await sandbox.ClickAsync(path, allow)).ContainsKey("iss"));
    }

    [Fact]
    public async Task An_unknown_fault_endpoint_is_refused()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        using var response = await sandbox.Browser.PostAsync("/sandbox/faults", new StringContent("""{"endpoint":"nobody/token"}""", null, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }
}
