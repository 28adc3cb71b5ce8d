using System.Runtime.InteropServices;

namespace McpPortal.Tests.Rig;

/// <summary>The few calls of the operating system that the BCL has no word for.</summary>
internal static partial class Unix
{
    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int SigTerm = 15;

    public static bool IsRoot => geteuid() == 0;

    /// <summary>Sends a signal to one process, or to a whole process group when the id is negative. A process that is gone already is fine.</summary>
    public static void Signal(int pid, int signal) => _ = kill(pid, signal);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint geteuid();
}
