namespace McpPortal.Sessions.Stdio;

/// <summary>Section <c>Stdio</c>: how tool servers that are programs are run.</summary>
internal sealed class StdioOptions
{
    public const string Section = "Stdio";

    /// <summary>Directories in which commands without a folder are looked up; also the child's PATH.</summary>
    public string Path { get; set; } = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>Folders and files no child may see, above all the portal's own data folder.</summary>
    public IList<string> HiddenPaths { get; } = [];

    /// <summary>Folders below a temporary or home folder that children may see although everything else there is hidden.</summary>
    public IList<string> ReadPaths { get; } = [];

    /// <summary>First of the user ids lent to children when the portal runs as root; no account may have one of them.</summary>
    public int FirstUserId { get; set; } = 58000;

    public int UserIdCount { get; set; } = 512;

    public int MaxProcesses { get; set; } = 64;

    public int MaxProcessesPerUser { get; set; } = 8;

    /// <summary>Writable data of each process of the child; V8 and .NET reserve far more address space than they use, so that is not limited.</summary>
    public int MemoryMegabytes { get; set; } = 1024;

    /// <summary>Processes and threads of one child; Node needs about 11.</summary>
    public int Tasks { get; set; } = 128;

    public int OpenFiles { get; set; } = 1024;

    /// <summary>Size of the private temporary folder, which lives in memory.</summary>
    public int TemporaryMegabytes { get; set; } = 64;

    /// <summary>Seconds of processor time after which a process is ended; 0 is no limit.</summary>
    public int CpuSeconds { get; set; }

    public int MaxLineBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Lines that are no JSON-RPC before the session is closed.</summary>
    public int MaxGarbageLines { get; set; } = 100;

    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one message may wait for a child that does not read.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a child may take to end by itself after its input is closed.</summary>
    public TimeSpan GraceTime { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether children may run without isolation; never honoured in Production.</summary>
    public bool AllowUnisolated { get; set; } = true;

    /// <summary>Every mistake at once, each with the full key and what to write.</summary>
    public IEnumerable<string> Mistakes()
    {
        foreach (var (list, name) in new[] { (HiddenPaths, "HiddenPaths"), (ReadPaths, "ReadPaths") })
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (!IsPlainAbsolute(list[i]) || list[i] == "/")
                {
                    yield return $"Stdio:{name}:{i} is '{list[i]}'. Write an absolute path below / without '..' and without a '/' at its end.";
                }
            }
        }

        foreach (var folder in Path.Split(':'))
        {
            if (!IsPlainAbsolute(folder))
            {
                yield return $"Stdio:Path has the entry '{folder}'. Write absolute folders separated by ':', for example /usr/local/bin:/usr/bin:/bin.";
            }
        }

        foreach (var (value, least, most, name) in new (long, long, long, string)[]
        {
            (FirstUserId, 1000, int.MaxValue - 100_000, "FirstUserId"),
            (UserIdCount, 1, 65_536, "UserIdCount"),
            (MaxProcesses, 1, UserIdCount, "MaxProcesses"),
            (MaxProcessesPerUser, 1, MaxProcesses, "MaxProcessesPerUser"),
            (MemoryMegabytes, 64, 1 << 20, "MemoryMegabytes"),
            (Tasks, 8, 1 << 16, "Tasks"),
            (OpenFiles, 32, 1 << 20, "OpenFiles"),
            (TemporaryMegabytes, 1, 1 << 16, "TemporaryMegabytes"),
            (CpuSeconds, 0, int.MaxValue, "CpuSeconds"),
            (MaxLineBytes, 4096, 1 << 28, "MaxLineBytes"),
            (MaxGarbageLines, 0, 1 << 20, "MaxGarbageLines"),
            ((long)StartTimeout.TotalMilliseconds, 100, 600_000, "StartTimeout (in milliseconds)"),
            ((long)SendTimeout.TotalMilliseconds, 100, 600_000, "SendTimeout (in milliseconds)"),
            ((long)GraceTime.TotalMilliseconds, 0, 60_000, "GraceTime (in milliseconds)"),
        })
        {
            if (value < least || value > most)
            {
                yield return $"Stdio:{name} is {value}. Write a number from {least} to {most}.";
            }
        }
    }

    private static bool IsPlainAbsolute(string path) =>
        path.StartsWith('/') && !path.Contains('\0', StringComparison.Ordinal) && System.IO.Path.GetFullPath(path) == path && (path == "/" || !path.EndsWith('/'));
}
