using System.Runtime.InteropServices;

namespace McpPortal.Sessions.Stdio;

/// <summary>Closes the ways by which another process of this machine could read the portal's memory or variables.</summary>
internal static partial class PortalProcess
{
    private static readonly string[] Doors = ["dotnet-diagnostic", "clr-debug-pipe"];

    /// <summary>To be called before the first child is started: what is open by then is not inherited.</summary>
    /// <exception cref="InvalidOperationException">In Production, when the runtime's diagnostics are on.</exception>
    public static void Harden(bool production, ILogger logger)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // A process that is not dumpable has /proc/…/environ, mem and fd owned by root, and leaves no core file.
        if (Posix.ProcessControl(Posix.SetDumpable, 0, 0, 0, 0) != 0)
        {
            Log.NotHardened(logger, "prctl(PR_SET_DUMPABLE)", Marshal.GetLastPInvokeError());
        }

        if (Posix.SetLimit(Posix.CoreLimit, default) != 0)
        {
            Log.NotHardened(logger, "setrlimit(RLIMIT_CORE)", Marshal.GetLastPInvokeError());
        }

        // Files that whoever started the portal left open would reach every child.
        if (Posix.CloseRange(3, uint.MaxValue, Posix.CloseOnExec) != 0)
        {
            Log.NotHardened(logger, "close_range(CLOSE_RANGE_CLOEXEC)", Marshal.GetLastPInvokeError());
        }

        if (!DiagnosticsAreOn())
        {
            return;
        }

        if (production)
        {
            throw new InvalidOperationException("The runtime's diagnostics are on, so other programs of this user could read the portal's memory. Set the environment variable DOTNET_EnableDiagnostics=0 and start again.");
        }

        Log.Diagnostics(logger);
    }

    // The variable decides; without it the sockets tell, unless they are left over from a process with the same id.
    private static bool DiagnosticsAreOn()
    {
        var text = Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") ?? Environment.GetEnvironmentVariable("COMPlus_EnableDiagnostics");
        return text?.Trim() is not ("0" or "0x0")
            && Array.Exists(Doors, name => Directory.EnumerateFileSystemEntries(Path.GetTempPath(), $"{name}-{Environment.ProcessId}-*").Any());
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Hardening of the process: {Call} failed with error {Error}")]
        public static partial void NotHardened(ILogger logger, string call, int error);

        [LoggerMessage(LogLevel.Warning, "The runtime's diagnostics are on; Production refuses to start so. Set DOTNET_EnableDiagnostics=0")]
        public static partial void Diagnostics(ILogger logger);
    }
}
