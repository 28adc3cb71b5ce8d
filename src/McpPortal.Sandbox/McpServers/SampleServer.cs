using McpPortal.Sandbox.Faults;
using McpPortal.StreamableHttp;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Sandbox.McpServers;

/// <summary>Puts a set of tools on the wire under <c>/mcp/{name}</c>, counted and with a check of the caller.</summary>
internal static class SampleServer
{
    public static void Map(IEndpointRouteBuilder routes, string name, string title, CallerCheck check, IReadOnlyList<McpServerTool> tools)
    {
        var stats = routes.ServiceProvider.GetRequiredService<SandboxStats>();
        routes.MapMcp($"/mcp/{name}", new McpEndpointOptions
        {
            Serves = _ => ValueTask.FromResult<McpServing?>(new(() => Options(name, title, tools, stats))),
            UserKey = context => Caller(context).Owner,
            FillItems = (context, items) => items[McpCaller.Item] = Caller(context),
        }).WithMetadata(check).WithFaults($"mcp/{name}");
    }

    public static McpServerOptions Options(string name, string title, IReadOnlyList<McpServerTool> tools, SandboxStats? stats)
    {
        var options = new McpServerOptions
        {
            ServerInfo = new Implementation { Name = name, Title = title, Version = "1.0.0" },
            ToolCollection = [.. tools],
        };
        if (stats is not null)
        {
            options.Filters.Message.IncomingFilters.Add(next => (context, cancellationToken) =>
            {
                Count(stats, name, (context.JsonRpcMessage as JsonRpcRequest)?.Method);
                return next(context, cancellationToken);
            });
        }

        return options;
    }

    public static McpCaller Caller<T>(RequestContext<T> request) => (McpCaller)request.Items[McpCaller.Item]!;

    /// <summary>A client opens with <c>initialize</c> or, since 2026-07-28, with <c>server/discover</c>.</summary>
    private static void Count(SandboxStats stats, string name, string? method)
    {
        if (method is "initialize" or "server/discover")
        {
            stats.Server(name, "sessions");
        }
        else if (method is "tools/call")
        {
            stats.Server(name, "calls");
        }
    }

    private static McpCaller Caller(HttpContext context) => (McpCaller)context.Items[McpCaller.Item]!;
}
