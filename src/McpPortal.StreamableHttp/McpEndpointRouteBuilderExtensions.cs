using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpPortal.StreamableHttp;

/// <summary>Maps MCP endpoints.</summary>
public static class McpEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps one Streamable HTTP endpoint that serves both eras: sessions begun with <c>initialize</c> and the per-request
    /// revision 2026-07-28. Add authorization to what it returns.
    /// </summary>
    public static IEndpointConventionBuilder MapMcp(this IEndpointRouteBuilder endpoints, string pattern, McpEndpointOptions options)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(options);
        var services = endpoints.ServiceProvider;
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        var sessions = options.Sessions ?? new McpSessionTable(new McpSessionLimits(), services.GetService<TimeProvider>() ?? TimeProvider.System);
        var endpoint = new McpEndpoint(options, sessions, services, services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance, lifetime.ApplicationStopping);
        lifetime.ApplicationStopped.Register(sessions.CloseAll);
        return endpoints.MapMethods(pattern, ["POST", "GET", "DELETE"], endpoint.HandleAsync).WithDisplayName($"MCP {pattern}");
    }
}
