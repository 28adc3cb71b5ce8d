using McpPortal.Audit;
using McpPortal.Connections;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Outbound;
using McpPortal.Servers;
using McpPortal.Vault;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Connections;

/// <summary>One portal process as far as connections go: real services, hosted work included.</summary>
internal sealed class ConnectionsNode : IAsyncDisposable
{
    private readonly IHost _host;

    private ConnectionsNode(IHost host)
    {
        _host = host;
    }

    public AccessTokens Tokens => Get<AccessTokens>();

    public ConnectFlow Flow => Get<ConnectFlow>();

    public PortalDatabase Database => Get<PortalDatabase>();

    public static async Task<ConnectionsNode> StartAsync(IEnumerable<KeyValuePair<string, string?>> settings, TimeProvider time, CollectedLogs logs, ILoggerProvider heard)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development, DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(logs).AddProvider(heard);
        builder.Services.AddSingleton(time);
        builder.Services.AddData(builder.Configuration);
        builder.Services.AddVault(builder.Configuration, builder.Environment);
        builder.Services.AddAudit();
        builder.Services.AddOutbound(builder.Configuration);
        builder.Services.AddCoordination();
        builder.Services.AddServers(builder.Configuration);
        builder.Services.AddConnections(builder.Configuration, builder.Environment);
        var host = builder.Build();
        await host.StartAsync();
        return new ConnectionsNode(host);
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}
