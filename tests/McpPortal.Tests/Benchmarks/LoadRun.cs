using System.Collections.Concurrent;
using System.Diagnostics;

namespace McpPortal.Tests.Benchmarks;

/// <summary>Everybody calls in a closed loop, one call at a time each, for a bounded number of calls and a bounded time.</summary>
internal sealed class LoadRun(BenchTarget target, int calls, TimeSpan longest) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };
    private readonly ConcurrentDictionary<string, int> _failures = new(StringComparer.Ordinal);
    private int _wrong;
    private int _streamed;

    /// <summary>Whether answers came as event streams.</summary>
    public bool Streamed => _streamed > 0;

    /// <summary>Opens, warms up, measures and closes.</summary>
    /// <param name="users">The callers.</param>
    /// <param name="warmUp">Calls of each that do not count.</param>
    /// <param name="measured">Called right before and right after what is measured.</param>
    public async Task<LoadResult> RunAsync(IReadOnlyList<BenchUser> users, int warmUp, Action measured, CancellationToken cancellationToken)
    {
        var clients = await OpenAsync(users, cancellationToken);
        await Task.WhenAll(clients.Select(client => LoopAsync(client, warmUp, cancellationToken)));
        _failures.Clear();
        measured();
        var began = Stopwatch.GetTimestamp();
        var latencies = await Task.WhenAll(clients.Select(client => LoopAsync(client, calls, cancellationToken)));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        measured();
        await Parallel.ForEachAsync(clients, cancellationToken, async (client, stop) => await client.CloseAsync(stop));
        return new LoadResult([.. latencies.SelectMany(some => some).Order()], seconds, _wrong, new Dictionary<string, int>(_failures, StringComparer.Ordinal));
    }

    /// <summary>From the first request to the first answer of a tool, sixteen at once: the portal opens the session of the server behind it only then. The sessions stay.</summary>
    public async Task<IReadOnlyList<double>> OpenAndCallAsync(IReadOnlyList<BenchUser> users, CancellationToken cancellationToken)
    {
        var times = new ConcurrentBag<double>();
        await Parallel.ForEachAsync(users, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken }, async (user, stop) =>
        {
            var began = Stopwatch.GetTimestamp();
            var client = new BenchClient(_http, target, user);
            await client.OpenAsync(stop);
            if (await CallAsync(client, 0, stop))
            {
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        });
        Assert.True(_failures.IsEmpty && _wrong == 0, $"{_wrong} wrong; {string.Join(", ", _failures)}");
        return [.. times.Order()];
    }

    public void Dispose() => _http.Dispose();

    private async Task<IReadOnlyList<BenchClient>> OpenAsync(IReadOnlyList<BenchUser> users, CancellationToken cancellationToken)
    {
        List<BenchClient> clients = [.. users.Select(user => new BenchClient(_http, target, user))];
        await Parallel.ForEachAsync(clients, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken }, async (client, stop) => await client.OpenAsync(stop));
        return clients;
    }

    private async Task<IReadOnlyList<double>> LoopAsync(BenchClient client, int times, CancellationToken cancellationToken)
    {
        var latencies = new List<double>();
        var began = Stopwatch.GetTimestamp();
        for (var call = 1; call <= times && Stopwatch.GetElapsedTime(began) < longest; call++)
        {
            var asked = Stopwatch.GetTimestamp();
            if (await CallAsync(client, call, cancellationToken))
            {
                latencies.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            }
        }

        return latencies;
    }

    /// <summary>Whether the answer was the caller's own.</summary>
    private async Task<bool> CallAsync(BenchClient client, int call, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.CallAsync(call, cancellationToken);
            if (answer.Streamed)
            {
                Interlocked.Increment(ref _streamed);
            }

            if (answer.Text.Contains(target.Expected(client.User, call), StringComparison.Ordinal))
            {
                return true;
            }

            if (answer.Succeeded)
            {
                Interlocked.Increment(ref _wrong);
                return false;
            }

            Count(answer.Text[..Math.Min(answer.Text.Length, 200)]);
        }
        catch (HttpRequestException e)
        {
            Count(e.Message);
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Count("timeout");
        }

        return false;
    }

    private void Count(string what) => _failures.AddOrUpdate(what, 1, (_, count) => count + 1);
}
