using System.Globalization;

namespace McpPortal.Sessions.Stdio;

/// <summary>The argument lists of the util-linux programs a child is started through; no shell takes part.</summary>
internal static class LaunchLine
{
    public const string Unshare = "/usr/bin/unshare";
    public const string Nsenter = "/usr/bin/nsenter";

    private static readonly string[] Tools = [Unshare, Nsenter, "/usr/bin/mount", "/usr/bin/setpriv", "/usr/bin/prlimit", "/usr/bin/choom", "/usr/bin/cat"];

    public static string? MissingTool() => Array.Find(Tools, tool => !File.Exists(tool));

    /// <summary>Makes the namespaces; their first process is a cat that ends, and all others with it, when its input ends.</summary>
    public static List<string> Keeper(Isolation isolation) =>
    [
        .. isolation == Isolation.OwnNamespaces ? (string[])["--user", "--map-root-user"] : [],
        "--mount", "--pid", "--ipc", "--uts", "--propagation", "private", "--fork", "--kill-child=SIGKILL", "--mount-proc=/proc", "--", "/usr/bin/cat",
    ];

    public static List<string> Mounts(Isolation isolation, int keeper, string table) =>
        [.. Enter(isolation, keeper), "--", "/usr/bin/mount", "--all", "--fstab", table];

    /// <summary>Makes everything that is not mounted apart read-only, for a child that has the portal's own user id.</summary>
    public static List<string> ReadOnlyRoot(Isolation isolation, int keeper) =>
        [.. Enter(isolation, keeper), "--", "/usr/bin/mount", "--options", "remount,bind,ro", "/"];

    public static List<string> Program(Isolation isolation, int keeper, int user, StdioOptions options, string file, IEnumerable<string> arguments) =>
    [
        .. Enter(isolation, keeper), $"--wdns={MountTable.Home}", "--",
        // Below the namespace that owns the mounts, so that the program holds no power over them.
        .. isolation == Isolation.OwnNamespaces ? (string[])[Unshare, "--user", $"--map-user={user}", $"--map-group={user}", "--"] : [],
        "/usr/bin/choom", "-n", "500", "--",
        .. Limits(options),
        "/usr/bin/setpriv",
        .. isolation == Isolation.OwnUser ? (string[])[$"--reuid={user}", $"--regid={user}", "--clear-groups"] : [],
        "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--",
        file, .. arguments,
    ];

    private static List<string> Limits(StdioOptions options) =>
    [
        "/usr/bin/prlimit", "--core=0", Limit("nproc", options.Tasks), Limit("nofile", options.OpenFiles),
        Limit("data", (long)options.MemoryMegabytes << 20), Limit("fsize", (long)options.TemporaryMegabytes << 20),
        .. options.CpuSeconds > 0 ? (string[])[Limit("cpu", options.CpuSeconds)] : [],
        "--",
    ];

    private static string Limit(string name, long value) => string.Create(CultureInfo.InvariantCulture, $"--{name}={value}");

    // The PID namespace is entered for the mounts too: without it /proc/self leads nowhere and mount(8) skips every line.
    private static List<string> Enter(Isolation isolation, int keeper)
    {
        var ns = string.Create(CultureInfo.InvariantCulture, $"/proc/{keeper}/ns");
        return
        [
            .. isolation == Isolation.OwnNamespaces ? (string[])[$"--user={ns}/user", "--preserve-credentials"] : [],
            $"--mount={ns}/mnt", $"--pid={ns}/pid_for_children", $"--ipc={ns}/ipc", $"--uts={ns}/uts",
        ];
    }
}
