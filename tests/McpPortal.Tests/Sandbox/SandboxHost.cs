using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Sandbox;
using McpPortal.Sandbox.Faults;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Tests.Sandbox;

/// <summary>A sandbox on a free port, and one browser (cookies, no redirects) that talks to it.</summary>
internal sealed class SandboxHost : IAsyncDisposable
{
    public const string Verifier = "a-verifier-that-is-long-enough-for-rfc-7636-0123456789";
    public const string Redirect = "http://localhost:5080/signin-oidc";

    private readonly Func<ValueTask> _stop;

    private SandboxHost(string address, SandboxOptions options, Func<ValueTask> stop)
    {
        (Address, Options, _stop) = (address, options, stop);
        Browser = NewBrowser();
    }

    public SandboxOptions Options { get; }

    public string Address { get; }

    public HttpClient Browser { get; }

    public static string Challenge { get; } = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    public static async Task<SandboxHost> StartAsync(Action<SandboxOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new SandboxOptions { Urls = "http://127.0.0.1:0" };
        configure?.Invoke(options);
        var app = SandboxApp.Create(options, time: time);
        await app.StartAsync();
        return new SandboxHost(app.SandboxAddress(), options, async () =>
        {
            await app.StopAsync();
            await app.DisposeAsync();
        });
    }

    /// <summary>In a process of its own, for loads whose connections would not all fit into this one.</summary>
    public static async Task<SandboxHost> StartApartAsync(CancellationToken cancellationToken)
    {
        const string Ready = "sandbox ready: ";
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["Logging__LogLevel__Default"] = "Error" };
        var process = ChildProcess.Start("dotnet", [Repository.Built("McpPortal.Sandbox"), "--urls", "http://127.0.0.1:0"], environment);
        var line = await process.WaitForLineAsync(Ready, TimeSpan.FromSeconds(60), cancellationToken);
        return new SandboxHost(line[(line.IndexOf(Ready, StringComparison.Ordinal) + Ready.Length)..], new SandboxOptions(), process.DisposeAsync);
    }

    public HttpClient NewBrowser() => new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(Address) };

    public async Task FaultAsync(Fault fault) => (await Browser.PostAsJsonAsync("/sandbox/faults", fault)).EnsureSuccessStatusCode();

    public async Task<StatsView> StatsAsync() => (await Browser.GetFromJsonAsync<StatsView>("/sandbox/stats"))!;

    public static string AuthorizeQuery(string clientId, string scope, params (string Name, string? Value)[] more)
    {
        Dictionary<string, string?> query = new()
        {
            ["client_id"] = clientId,
            ["redirect_uri"] = Redirect,
            ["response_type"] = "code",
            ["scope"] = scope,
            ["state"] = "state-1",
            ["code_challenge"] = Challenge,
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in more)
        {
            query[name] = value;
        }

        return QueryHelpers.AddQueryString("", query.Where(pair => pair.Value is not null));
    }

    /// <summary>Posts the form of a sign-in or consent page and returns the query of the redirect.</summary>
    public async Task<Dictionary<string, string>> ClickAsync(string path, params (string Name, string Value)[] form)
    {
        using var response = await Browser.PostAsync(path, Form(form));
        return RedirectQuery(response);
    }

    public static Dictionary<string, string> RedirectQuery(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        return QueryHelpers.ParseQuery(response.Headers.Location!.Query).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
    }

    public static FormUrlEncodedContent Form(params (string Name, string Value)[] form) =>
        new(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    public async Task<(HttpStatusCode Status, JsonObject Body)> PostAsync(string path, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Form(form) };
        request.Headers.Accept.ParseAdd("application/json");
        using var response = await Browser.SendAsync(request);
        return (response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonObject>())!);
    }

    public async ValueTask DisposeAsync()
    {
        Browser.Dispose();
        await _stop();
    }
}
