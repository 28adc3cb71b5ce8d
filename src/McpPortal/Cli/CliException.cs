namespace McpPortal.Cli;

/// <summary>Ends a command with a sentence for the operator and an exit code: 1 for a failure, 2 for a mistake in what was asked.</summary>
internal sealed class CliException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
