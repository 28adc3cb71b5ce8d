using System.Diagnostics;
using System.Globalization;

namespace McpPortal.Sessions.Stdio;

/// <summary>One running child with everything it started; ends as a whole.</summary>
internal sealed class StdioProcess : IAsyncDisposable
{
    private static readonly TimeSpan AfterSigTerm = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly Keeper? _keeper;
    private readonly TimeSpan _grace;
    private readonly Action _release;
    private readonly Task<int?> _ended;
    private int _stopping;

    /// <param name="process">The program itself, or the nsenter in front of it.</param>
    /// <param name="keeper">The holder of its namespaces; null without isolation.</param>
    /// <param name="grace">How long it may take to end by itself.</param>
    /// <param name="release">Called once nothing of it is left.</param>
    public StdioProcess(Process process, Keeper? keeper, TimeSpan grace, Action release)
    {
        (_process, _keeper, _grace, _release) = (process, keeper, grace, release);
        Id = process.Id;
        Input = process.StandardInput.BaseStream;
        Output = process.StandardOutput.BaseStream;
        Errors = process.StandardError.BaseStream;
        _ended = RunToEndAsync();
    }

    /// <summary>The process id outside the namespaces; for logs and pages.</summary>
    public int Id { get; }

    public Stream Input { get; }

    public Stream Output { get; }

    public Stream Errors { get; }

    /// <summary>Completes with the exit code when the program and everything it started are gone.</summary>
    public Task<int?> Ended => _ended;

    /// <summary>Closes the input, waits, asks with SIGTERM, waits, and kills; the whole tree is gone when this returns.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopping, 1) != 0)
        {
            await _ended;
            return;
        }

        // Closed on a thread of its own: a write to a child that does not read holds the stream.
        _ = Task.Run(Input.Dispose, CancellationToken.None);
        if (!await EndsWithinAsync(_grace))
        {
            if (ProgramId() is { } program)
            {
                _ = Posix.Kill(program, Posix.SigTerm);
            }

            if (!await EndsWithinAsync(AfterSigTerm))
            {
                await KillAsync();
            }
        }

        await _ended;
    }

    /// <summary>Ends it at once.</summary>
    public async Task KillAsync()
    {
        if (_keeper is not null)
        {
            await _keeper.DisposeAsync();
        }

        try
        {
            _process.Kill(entireProcessTree: _keeper is null);
        }
        catch (InvalidOperationException)
        {
            // It has ended meanwhile.
        }
    }

    private async Task<bool> EndsWithinAsync(TimeSpan time)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task<int?> RunToEndAsync()
    {
        try
        {
            await _process.WaitForExitAsync();
            var code = _process.ExitCode;
            if (_keeper is not null)
            {
                await _keeper.DisposeAsync();
            }

            return code;
        }
        finally
        {
            _release();
        }
    }

    // nsenter waits outside for the program, its only child; a signal to nsenter itself would not be passed on.
    private int? ProgramId()
    {
        if (_keeper is null)
        {
            return Id;
        }

        try
        {
            var children = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{Id}/task/{Id}/children"));
            return int.TryParse(children.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var child) ? child : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
