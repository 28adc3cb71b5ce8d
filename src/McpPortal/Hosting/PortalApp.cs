using McpPortal.Accounts;
using McpPortal.Admin;
using McpPortal.Api;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Clients;
using McpPortal.Clients.Issuers;
using McpPortal.Clients.OAuth;
using McpPortal.Connections;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Gateway;
using McpPortal.Home;
using McpPortal.Outbound;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Sessions;
using McpPortal.TestConsole;
using McpPortal.Toolsets;
using McpPortal.Ui;
using McpPortal.Vault;

namespace McpPortal.Hosting;

/// <summary>The portal as a table of contents: what it is made of, in floor order, and the way of a request through it.</summary>
internal static class PortalApp
{
    /// <summary>Builds the application; the caller runs it.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddPortal();
        var app = builder.Build();
        app.UsePortal();
        return app;
    }

    public static void AddPortal(this WebApplicationBuilder builder)
    {
        var (services, configuration, environment) = (builder.Services, builder.Configuration, builder.Environment);
        var singleUser = SingleUserMode.Read(configuration).IsOn;
        if (singleUser)
        {
            builder.ListenOnLoopbackOnly();
        }

        builder.AddKnownProxies();
        builder.WebHost.UseStaticWebAssets();
        builder.Logging.KeepQuiet();
        builder.AddRequestLimits();
        services.AddSingleton(TimeProvider.System);
        services.AddProblemDetails(options => options.CustomizeProblemDetails = ErrorPages.Explain);
        services.AddAuthorization();
        services.AddData(configuration);
        services.AddVault(configuration, environment);
        services.AddAudit();
        services.AddOutbound(configuration);
        services.AddCoordination();
        services.AddUi(plainHttp: singleUser || environment.IsDevelopment());
        services.AddAccounts(configuration, environment);
        if (!singleUser)
        {
            services.AddOidc(environment);
        }

        services.AddClients(configuration);
        services.AddIssuerLinks(configuration, environment);
        services.AddServers(configuration);
        services.AddConnections(configuration, environment);
        services.AddSecrets();
        services.AddToolsets();
        services.AddSessions(configuration);
        services.AddCalls(configuration);
        services.AddGateway(configuration);
        services.AddTestConsole();
        services.AddAdmin();
        services.AddHome();
        services.AddApi();
    }

    public static void UsePortal(this WebApplication app)
    {
        app.UseRequestLimits();
        app.UseKnownProxies();
        app.UseSecurityHeaders();
        app.UseErrorPages();
        app.UseCircuitOrigin(plainHttp: app.Environment.IsDevelopment() || app.Services.GetRequiredService<SingleUserMode>().IsOn);
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapHealth();
        var api = app.MapApi();
        api.MapCalls();
        api.MapSecrets();
        app.MapGateway();
        app.MapOAuth();
        app.MapConnections();
        app.MapUi();
        app.MapSignIn();
        app.MapIssuerLinks();
    }
}
