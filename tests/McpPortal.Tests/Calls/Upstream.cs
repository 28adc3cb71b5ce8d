using McpPortal.Tests.StreamableHttp;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Calls;

/// <summary>An MCP server whose <c>wait</c> tool ends when the test says so, and which tells what arrives at it.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly SemaphoreSlim _entered = new(0);
    private readonly SemaphoreSlim _cancelled = new(0);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _count = new();
    private McpTestHost _host = null!;
    private int _running;

    public Uri Endpoint => _host.Endpoint;

    public string Authority => Endpoint.Authority;

    /// <summary>Most calls that ran at the same time.</summary>
    public int MostRunning { get; private set; }

    public int Calls { get; private set; }

    /// <summary>Runs on each request before it is answered.</summary>
    public Action? OnRequest { get; set; }

    public static async Task<Upstream> StartAsync()
    {
        var upstream = new Upstream();
        var options = new McpServerOptions
        {
            ToolCollection =
            [
                McpServerTool.Create(upstream.WaitAsync, new() { Name = "wait" }),
                McpServerTool.Create(Token, new() { Name = "token", ReadOnly = true }),
                McpServerTool.Create((string key, string other) => $"{key}/{other}", new() { Name = "take", ReadOnly = true }),
            ],
        };
        upstream._host = await McpTestHost.StartAsync(_ =>
        {
            upstream.OnRequest?.Invoke();
            return options;
        });
        return upstream;
    }

    /// <summary>Lets every waiting call end.</summary>
    public void Open() => _gate.TrySetResult();

    public async Task EnteredAsync() => Assert.True(await _entered.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), "The call did not arrive.");

    public async Task CancelledAsync() => Assert.True(await _cancelled.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), "The call was not cancelled upstream.");

    public async ValueTask DisposeAsync()
    {
        Open();
        await _host.DisposeAsync();
    }

    private static string Token(RequestContext<CallToolRequestParams> request) => (string)request.Items["token"]!;

    private async Task<string> WaitAsync(CancellationToken cancellationToken)
    {
        lock (_count)
        {
            Calls++;
            MostRunning = Math.Max(MostRunning, ++_running);
        }

        _entered.Release();
        try
        {
            await _gate.Task.WaitAsync(cancellationToken);
            return "done";
        }
        catch (OperationCanceledException)
        {
            _cancelled.Release();
            throw;
        }
        finally
        {
            lock (_count)
            {
                _running--;
            }
        }
    }
}
