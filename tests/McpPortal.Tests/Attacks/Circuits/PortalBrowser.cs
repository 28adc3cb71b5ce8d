using System.Net;
using McpPortal.Tests.Sandbox;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>Somebody's browser at a portal that signs in through the sandbox: cookies, and no redirect followed unasked.</summary>
internal sealed class PortalBrowser : IDisposable
{
    private readonly CookieContainer _jar = new();

    public PortalBrowser(Uri portal)
    {
        Portal = portal;
        Http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = _jar }) { BaseAddress = portal };
        Http.DefaultRequestHeaders.Accept.ParseAdd("text/html");
    }

    public Uri Portal { get; }

    public HttpClient Http { get; }

    /// <summary>What the browser would send; cookies do not tell ports apart.</summary>
    public string Cookies => _jar.GetCookieHeader(Portal);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Goes through the provider's page and back; the portal's last answer.</summary>
    public async Task<HttpStatusCode> SignInAsync(string user)
    {
        using var start = await Http.GetAsync(new Uri($"/signin?login_hint={user}", UriKind.Relative), Stop);
        Assert.True(start.StatusCode == HttpStatusCode.Found, await start.Content.ReadAsStringAsync(Stop));
        using var chosen = await Http.PostAsync(start.Headers.Location, SandboxHost.Form(("user", user)), Stop);
        using var end = await Http.GetAsync(chosen.Headers.Location, Stop);
        return end.StatusCode;
    }

    /// <summary>Whether the portal still knows who this is.</summary>
    public async Task<bool> IsSignedInAsync(string? elsewhere = null)
    {
        using var page = await Http.GetAsync(elsewhere is null ? new Uri("/profile", UriKind.Relative) : new Uri(elsewhere), Stop);
        return page.StatusCode == HttpStatusCode.OK;
    }

    public void Dispose() => Http.Dispose();
}
