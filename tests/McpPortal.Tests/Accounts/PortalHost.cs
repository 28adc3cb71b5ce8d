using System.Net;
using System.Runtime.CompilerServices;
using McpPortal.Accounts;
using McpPortal.Hosting;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Accounts;

/// <summary>The real portal on a free loopback port, over a database of its own.</summary>
internal sealed class PortalHost : IAsyncDisposable
{
    private static readonly ConditionalWeakTable<HttpClient, CookieContainer> Jars = [];

    private readonly WebApplication _app;
    private readonly TestDatabase? _owned;
    private readonly CanaryScan _canaries;
    private readonly string _keyFile;

    private PortalHost(WebApplication app, TestDatabase database, bool owned, string keyFile, string address) =>
        (_app, _owned, _canaries, _keyFile, Address) = (app, owned ? database : null, database.Canaries, keyFile, address);

    public string Address { get; }

    /// <summary>Where the identity provider is, which is also the one address that outbound requests may reach here.</summary>
    public string Provider { get; private init; } = "";

    /// <summary>The root key, as its file holds it.</summary>
    public string RootKey => File.ReadAllText(_keyFile);

    public IServiceProvider Services => _app.Services;

    public Users Users => Services.GetRequiredService<Users>();

    public static Task<PortalHost> StartAsync(PostgresCluster cluster, string authority, int port, params (string Key, string Value)[] settings) =>
        StartAsync(cluster, TimeProvider.System, authority, port, settings);

    public static async Task<PortalHost> StartAsync(PostgresCluster cluster, TimeProvider time, string authority, int port, params (string Key, string Value)[] settings)
    {
        var database = await cluster.CreateAsync(TestContext.Current.CancellationToken);
        var keyFile = Path.GetTempFileName();
        var rootKey = Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(McpPortal.Vault.RootKey.Length));
        await File.WriteAllTextAsync(keyFile, database.Canaries.Watch("the root key", rootKey));
        await ChildProcess.RunAsync("chmod", ["0400", keyFile], TestContext.Current.CancellationToken);
        return await StartAsync(database, owned: true, keyFile, authority, port, settings, time);
    }

    /// <summary>A second node of the same portal.</summary>
    public Task<PortalHost> AnotherNodeAsync(TestDatabase database, string authority, int port, params (string Key, string Value)[] settings) =>
        StartAsync(database, owned: false, _keyFile, authority, port, settings);

    public TestDatabase Database => _owned!;

    /// <summary>A browser with cookies that does not follow redirects.</summary>
    public HttpClient Browser()
    {
        var jar = new CookieContainer();
        var browser = new HttpClient(new HeardBodies(_canaries, new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = jar })) { BaseAddress = new Uri(Address) };
        Jars.Add(browser, jar);
        return browser;
    }

    public static string Cookies(HttpClient browser, string address) =>
        Jars.TryGetValue(browser, out var jar) ? jar.GetCookieHeader(new Uri(address)) : throw new ArgumentException("Not a browser of this host.", nameof(browser));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_owned is not null)
        {
            await _owned.DisposeAsync();
            File.Delete(_keyFile);
        }
    }

    private static async Task<PortalHost> StartAsync(TestDatabase database, bool owned, string keyFile, string authority, int port, (string Key, string Value)[] settings, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development", ApplicationName = "McpPortal" });
        builder.Configuration.AddInMemoryCollection(database.Settings);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Logging:LogLevel:Default"] = "Trace",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Trace",
            ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Trace",
            ["Vault:RootKeyFile"] = keyFile,
            ["Oidc:Authority"] = authority,
            ["Oidc:ClientId"] = "portal",
            ["Oidc:ClientSecret"] = "sandbox-only-not-a-secret-portal",
            ["Oidc:AdminRoles:0"] = "portal-admin",
            ["Outbound:AllowedHosts:0"] = new Uri(authority).Authority,
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.Logging.ClearProviders().AddProvider(database.Canaries.Logs);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.AddPortal();
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        var app = builder.Build();
        app.UsePortal();
        // What a page would know about the person who asks.
        app.MapGet("/test/whoami", (HttpContext context) => context.User.FindUserId() is { } user
            ? Results.Text($"{user} {context.User.Identity!.Name} admin={context.User.IsInRole("admin")} session={context.User.FindSignIn()}")
            : Results.Text("nobody"));
        app.MapGet("/test/token", (HttpContext context, Microsoft.AspNetCore.Antiforgery.IAntiforgery antiforgery) => Results.Text(antiforgery.GetAndStoreTokens(context).RequestToken!));
        await app.StartAsync();
        return new PortalHost(app, database, owned, keyFile, $"http://127.0.0.1:{port}") { Provider = authority };
    }
}
