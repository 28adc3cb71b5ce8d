using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.GitHub;
using McpPortal.Sandbox.Google;
using McpPortal.Sandbox.McpServers;
using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.Oidc;
using McpPortal.Sandbox.State;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace McpPortal.Sandbox;

/// <summary>The sandbox as one web application; tests run it in their own process.</summary>
public static class SandboxApp
{
    /// <summary>Builds the sandbox, not started yet.</summary>
    /// <exception cref="SandboxRefusedException">In Production, or on an address that others can reach.</exception>
    public static WebApplication Create(SandboxOptions options, string environment = "Development", TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (string.Equals(environment, Environments.Production, StringComparison.OrdinalIgnoreCase))
        {
            throw new SandboxRefusedException("The sandbox signs in anybody without a password, so it does not start in Production. Set ASPNETCORE_ENVIRONMENT=Development on a developer's machine.");
        }

        foreach (var url in options.Urls.Split(';'))
        {
            if (!Loopback.IsHttp(url))
            {
                throw new SandboxRefusedException($"The sandbox listens on loopback only. Set --urls to something like http://127.0.0.1:5090 instead of {url}.");
            }
        }

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment, ApplicationName = "McpPortal.Sandbox" });
        // Only the options count: neither ASPNETCORE_URLS nor a settings file of the process it runs in.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.WebHost.UseUrls(options.Urls);
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
            // What a sandbox server refuses is told to its client, who asked for it.
            .AddFilter("ModelContextProtocol", LogLevel.None);
        // A request that a test holds back does not hold back the end.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddSingleton(options);
        builder.Services.TryAddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton<SandboxAddress>();
        builder.Services.AddSingleton<SandboxStore>();
        builder.Services.AddHostedService<StateSaver>();
        builder.Services.AddSingleton<FaultSwitches>();
        builder.Services.AddSingleton<SandboxStats>();
        builder.Services.AddSingleton<TokenStore>();
        builder.Services.AddSingleton<CodeStore>();
        OidcSetup.Add(builder.Services);
        McpServersSetup.Add(builder.Services);
        GoogleSetup.Add(builder.Services);
        GitHubSetup.Add(builder.Services);

        var app = builder.Build();
        app.UseRouting();
        app.UseMiddleware<FaultMiddleware>();
        app.UseMiddleware<CallerMiddleware>();
        OidcSetup.Map(app);
        GoogleSetup.Map(app);
        GitHubSetup.Map(app);
        McpServersSetup.Map(app);
        FaultEndpoints.Map(app);
        return app;
    }

    /// <summary>Where the started sandbox listens, without a trailing slash; also its OpenID Connect issuer.</summary>
    public static string SandboxAddress(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.Services.GetRequiredService<SandboxAddress>().Value;
    }
}
