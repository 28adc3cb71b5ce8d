using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;

namespace McpPortal.Tests.Promises;

/// <summary>A portal as it is run, <c>McpPortal.dll serve</c> in a process of its own, and the REST calls of programs to it.</summary>
internal sealed class ServingPortal : IAsyncDisposable
{
    /// <summary>Of a process's 20,000 open files, which many machines allow at most, two portals leave some over.</summary>
    private const int MaxConnections = 7000;

    private readonly ChildProcess _process;
    private readonly HttpClient _client;
    private readonly CanaryScan _canaries;

    private ServingPortal(ChildProcess process, HttpClient client, CanaryScan canaries, IReadOnlyList<KeyValuePair<string, string?>> settings) =>
        (_process, _client, _canaries, Settings) = (process, client, canaries, settings);

    /// <summary>The built portal, or what <c>PORTAL_PROGRAM</c> names instead.</summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable("PORTAL_PROGRAM") ?? Repository.Built("McpPortal");

    /// <summary>What it was started with, its folders among them.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Settings { get; }

    public int ProcessId => _process.Id;

    /// <summary>Everything the portal wrote so far.</summary>
    public IReadOnlyList<string> Lines => _process.Lines;

    public Uri Address => _client.BaseAddress!;

    /// <summary>Starts one that logs everything; what it writes to its output and in its answers is for the scan.</summary>
    public static async Task<ServingPortal> StartAsync(IReadOnlyList<KeyValuePair<string, string?>> settings, CancellationToken cancellationToken, CanaryScan? canaries = null)
    {
        var address = $"http://127.0.0.1:{Ports.Free().ToString(CultureInfo.InvariantCulture)}";
        var environment = settings.ToDictionary(s => s.Key.Replace(":", "__", StringComparison.Ordinal), s => s.Value, StringComparer.Ordinal);
        environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        foreach (var category in (string[])["Default", "Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore"])
        {
            environment[$"Logging__LogLevel__{category}"] = SoakSize.IsFull ? (category == "Default" ? "Information" : "Warning") : "Trace";
        }

        canaries ??= new CanaryScan();
        var process = ChildProcess.Start("dotnet", [Program, "serve", "--urls", address], environment, Repository.Root);
        var client = new HttpClient(new HeardBodies(canaries, new SocketsHttpHandler { UseCookies = false, MaxConnectionsPerServer = MaxConnections })) { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(120) };
        try
        {
            await process.WaitForLineAsync("Now listening on", TimeSpan.FromSeconds(90), cancellationToken);
            var (ready, _) = await Eventually.AskAsync(() => ReadyAsync(client, cancellationToken), ready => ready, TimeSpan.FromSeconds(60));
            Assert.True(ready, $"The portal does not get ready:\n{process.Output()}");
            return new ServingPortal(process, client, canaries, settings);
        }
        catch
        {
            client.Dispose();
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Calls a tool with an access key.</summary>
    public async Task<RestAnswer> CallAsync(string key, string server, string tool, object? arguments = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp/tool/call")
        {
            Content = JsonContent.Create(new { serverName = server, methodName = tool, args = arguments ?? new { } }),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
        };
        request.Options.Set(HeardBodies.ShowsOwn, true);
        using var response = await _client.SendAsync(request, cancellationToken);
        var body = (await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!;

        // What a tool returns belongs to the caller, whatever it is; everything else in the answer is the portal's.
        _canaries.Hear("answer to a call", string.Join('\n', body.Where(part => part.Key != "result").Select(part => $"{part.Key}: {part.Value?.ToJsonString()}")));
        return new RestAnswer(response.StatusCode, body);
    }

    /// <summary>What <c>kill -9</c> of the portal alone does: whatever it started is on its own.</summary>
    public async Task KillAsync()
    {
        Unix.Signal(_process.Id, Unix.SigKill);
        await _process.Exited;
    }

    /// <summary>After it was told to stop.</summary>
    public Task WaitForExitAsync(TimeSpan patience) => _process.Exited.WaitAsync(patience);

    /// <summary>Tells it to stop, as a service manager does, and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopAsync(TimeSpan patience) => _process.StopAsync(patience);

    /// <summary>What the portal wrote last, for failed assertions.</summary>
    public string Output() => _process.Output();

    private static async Task<bool> ReadyAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var answer = await client.GetAsync("/readyz", cancellationToken);
        return answer.IsSuccessStatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.DisposeAsync();
        _canaries.Hear($"output of portal {ProcessId}", string.Join('\n', _process.Lines));
    }
}
