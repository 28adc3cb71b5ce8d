using McpPortal.Tests.StreamableHttp;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>The MCP server that the conformance suites ask for, on the host under test.</summary>
internal sealed class FixtureServer : IAsyncDisposable
{
    /// <summary>The header that carries the caller's secret, where one is demanded.</summary>
    public const string SecretHeader = "X-Fixture-Secret";

    private readonly FixtureLists _lists = new();
    private McpTestHost _host = null!;

    public Uri Endpoint => _host.Endpoint;

    /// <summary>Starts it; with a <paramref name="secret"/> it answers only those who bring that.</summary>
    public static async Task<FixtureServer> StartAsync(string? secret = null)
    {
        var server = new FixtureServer();
        var events = new DistributedCacheEventStreamStoreOptions { Cache = new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions())) };
        server._host = await McpTestHost.StartAsync(
            context => secret is null || context.Request.Headers[SecretHeader] == secret ? server.Answer() : null,
            events: new DistributedCacheEventStreamStore(Options.Create(events)));
        return server;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private McpServerOptions Answer()
    {
        var options = new McpServerOptions
        {
            ServerInfo = new Implementation { Name = "conformance-fixture", Version = "1.0.0" },
            ScopeRequests = false,
            Capabilities = new ServerCapabilities
            {
                Completions = new CompletionsCapability(),
                Logging = new LoggingCapability(),
                Resources = new ResourcesCapability { Subscribe = true },
            },
            ToolCollection = _lists.Tools,
            PromptCollection = _lists.Prompts,
            ResourceCollection = _lists.Resources,
            Handlers = new McpServerHandlers
            {
                CompleteHandler = FixturePrompts.CompleteAsync,
                ReadResourceHandler = FixtureResources.MissingAsync,
                SubscriptionsListenHandler = new Listening(_lists).RunAsync,
            },
        };

        // A suite calls the first tool of the list, and a collection has no order of its own.
        options.Filters.Request.ListToolsFilters.Add(next => async (request, cancellationToken) =>
        {
            var result = await next(request, cancellationToken);
            result.Tools = [.. result.Tools.OrderBy(tool => tool.Name, StringComparer.Ordinal)];
            return result;
        });
        return options;
    }
}
