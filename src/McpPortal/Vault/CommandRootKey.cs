using System.ComponentModel;
using System.Diagnostics;

namespace McpPortal.Vault;

/// <summary>The root key as a program prints it. Output that is no key, an error exit or silence leave the vault sealed.</summary>
internal sealed class CommandRootKey(IReadOnlyList<string> command, TimeSpan limit) : IRootKeyProvider
{
    private const int MaxOutput = 4096;

    public string Description => $"root key command {command[0]}";

    public async Task<RootKey> ReadAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(limit);
        using var process = Start();
        try
        {
            var buffer = new char[MaxOutput];
            var length = await process.StandardOutput.ReadBlockAsync(buffer, deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            if (process.ExitCode != 0)
            {
                throw new RootKeyException($"The {Description} ended with exit code {process.ExitCode}.");
            }

            try
            {
                return RootKey.Parse(buffer.AsSpan(0, length), $"What the {Description} printed");
            }
            finally
            {
                Array.Clear(buffer);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RootKeyException($"The {Description} did not answer within {limit.TotalSeconds:0} seconds.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private Process Start()
    {
        try
        {
            return Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false })
                ?? throw new RootKeyException($"The {Description} could not be started.");
        }
        catch (Win32Exception e)
        {
            throw new RootKeyException($"The {Description} could not be started: {e.Message}");
        }
    }
}
