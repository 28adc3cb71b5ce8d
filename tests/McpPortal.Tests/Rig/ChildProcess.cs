using System.Collections.Concurrent;
using System.Diagnostics;

namespace McpPortal.Tests.Rig;

/// <summary>
/// A process that a test starts: its output is kept, and it ends with its whole process group when it is disposed or when the test run
/// itself is killed (a watcher in the group notices that its standard input has closed).
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    // $1 = signal of a polite stop, $2 = folder to delete afterwards or empty, the rest = the command, which takes over this very process id.
    private const string Tether = """
        signal=$1 scratch=$2; shift 2; exec 3<&0
        ( trap '' TERM INT HUP; cat >/dev/null
          kill -"$signal" $$; i=0
          while kill -0 $$ && [ $i -lt 50 ]; do sleep 0.1; i=$((i+1)); done
          [ -z "$scratch" ] || rm -rf -- "$scratch"
          kill -KILL -- -$$ ) <&3 3<&- >/dev/null 2>&1 &
        exec "$@" </dev/null 3<&-
        """;

    private readonly Process _process;
    private readonly int _stopSignal;
    private readonly TimeSpan _grace;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Found)> _waiting = [];
    private readonly Lock _gate = new();
    private readonly Task _readers;
    private readonly string _name;
    private bool _disposed;

    private ChildProcess(string name, Process process, int stopSignal, TimeSpan grace)
    {
        (_name, _process, _stopSignal, _grace) = (name, process, stopSignal, grace);
        Id = process.Id;
        _readers = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        Exited = ExitAsync();
    }

    public int Id { get; }

    /// <summary>Completes with the exit code.</summary>
    public Task<int> Exited { get; }

    /// <summary>Everything the process wrote so far, both streams in the order of arrival.</summary>
    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>Starts a command; <paramref name="environment"/> adds to the inherited one, null removes.</summary>
    public static ChildProcess Start(
        string command,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null,
        int stopSignal = Unix.SigTerm,
        TimeSpan? grace = null,
        string? scratch = null)
    {
        var start = new ProcessStartInfo("setsid")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        string[] prefix = ["sh", "-c", Tether, "tether", stopSignal == Unix.SigInt ? "INT" : "TERM", scratch ?? "", command];
        foreach (var argument in prefix.Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[key] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{command} did not start.");
        return new ChildProcess(Path.GetFileName(command), process, stopSignal, grace ?? TimeSpan.FromSeconds(5));
    }

    /// <summary>Runs a command to its end and returns what it wrote; a failure throws with the output.</summary>
    public static async Task<string> RunAsync(
        string command, IEnumerable<string> arguments, CancellationToken cancellationToken, IReadOnlyDictionary<string, string?>? environment = null)
    {
        await using var child = Start(command, arguments, environment);
        var code = await child.Exited.WaitAsync(cancellationToken);
        return code == 0 ? child.Output() : throw new InvalidOperationException($"{child._name} ended with {code}:\n{child.Output()}");
    }

    /// <summary>Waits until a line contains <paramref name="text"/>, also one that has been written already; fails when the process ends first.</summary>
    public Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal), timeout, cancellationToken);

    public async Task<string> WaitForLineAsync(Func<string, bool> wanted, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_lines.FirstOrDefault(wanted) is { } line)
            {
                return line;
            }

            _waiting.Add((wanted, found));
        }

        try
        {
            var first = await Task.WhenAny(found.Task, Exited).WaitAsync(timeout ?? TimeSpan.FromSeconds(30), cancellationToken);
            return first == found.Task || found.Task.IsCompleted
                ? await found.Task
                : throw new InvalidOperationException($"{_name} ended with {await Exited} before the awaited line:\n{Output()}");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{_name} did not write the awaited line in time:\n{Output()}", e);
        }
    }

    /// <summary>Asks politely to stop and waits for the end without forcing it.</summary>
    public Task<int> StopAsync(TimeSpan timeout)
    {
        Unix.Signal(Id, _stopSignal);
        return Exited.WaitAsync(timeout);
    }

    /// <summary>What kill -9 does: no chance to tidy up, for the process and all of its group.</summary>
    public async Task KillAsync()
    {
        Unix.Signal(-Id, Unix.SigKill);
        await Exited;
    }

    public string Output() => string.Join('\n', _lines.TakeLast(200));

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!Exited.IsCompleted)
        {
            Unix.Signal(Id, _stopSignal);
            await Task.WhenAny(Exited, Task.Delay(_grace));
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        // The leader may be gone while its group (at least the watcher) is not.
        Unix.Signal(-Id, Unix.SigKill);
        await Exited;
        _process.Dispose();
    }

    private async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync();
        // A grandchild may hold the pipes open after the process has ended: its last lines are waited for, its silence is not.
        await Task.WhenAny(_readers, Task.Delay(TimeSpan.FromMilliseconds(500)));
        return _process.ExitCode;
    }

    private async Task ReadAsync(StreamReader reader)
    {
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                lock (_gate)
                {
                    _lines.Enqueue(line);
                    foreach (var (_, found) in _waiting.Where(w => w.Wanted(line)))
                    {
                        found.TrySetResult(line);
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Disposed while a grandchild still held the pipe.
        }
    }
}
