using System.Diagnostics;

namespace McpPortal.Sessions.Stdio;

/// <summary>
/// Holds one child's namespaces. Their first process reads a pipe whose other end only the portal has: when the portal lets go of it,
/// on purpose or by dying in whatever way, that process ends and the kernel kills everything else in the namespaces.
/// </summary>
internal sealed class Keeper : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private int _ending;

    private Keeper(Process process) => _process = process;

    /// <summary>The process outside whose <c>/proc/…/ns</c> names the namespaces.</summary>
    public int Id => _process.Id;

    public static async Task<Keeper> StartAsync(Isolation isolation, CancellationToken cancellationToken)
    {
        var keeper = new Keeper(Spawn.Start(LaunchLine.Unshare, LaunchLine.Keeper(isolation)));
        try
        {
            // The echo tells that every namespace is made and /proc is mounted.
            var input = keeper._process.StandardInput.BaseStream;
            await input.WriteAsync("\n"u8.ToArray(), cancellationToken);
            await input.FlushAsync(cancellationToken);
            var answer = new byte[1];
            if (await keeper._process.StandardOutput.BaseStream.ReadAsync(answer, cancellationToken) == 1)
            {
                return keeper;
            }

            var error = await keeper._process.StandardError.ReadToEndAsync(cancellationToken);
            throw new StdioRefusedException($"The program's isolation could not be set up: {error.Trim()}.");
        }
        catch (IOException error)
        {
            await keeper.DisposeAsync();
            throw new StdioRefusedException("The program's isolation could not be set up.", error);
        }
        catch
        {
            await keeper.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns when no process of the namespaces is left: the kernel lets their first one end last.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ending, 1) == 0)
        {
            _process.StandardInput.Close();
        }

        try
        {
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
    }
}
