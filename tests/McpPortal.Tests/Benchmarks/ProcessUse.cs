using System.Globalization;

namespace McpPortal.Tests.Benchmarks;

/// <summary>What a process has used so far, as the kernel counts it.</summary>
internal readonly record struct ProcessUse(double CpuMs, long ResidentBytes)
{
    /// <summary>Of USER_HZ, which is 100 on every Linux that .NET runs on.</summary>
    private const double MsPerTick = 10;

    public static ProcessUse Of(int process) => Parse(File.ReadAllText($"/proc/{process}/stat"), File.ReadAllText($"/proc/{process}/status"));

    /// <summary>proc(5): utime and stime are the fields 14 and 15 of stat, counted from behind the name, which may hold anything.</summary>
    internal static ProcessUse Parse(string stat, string status)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var resident = status.Split('\n').First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2];
        return new ProcessUse(
            (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) * MsPerTick,
            long.Parse(resident.Trim(), CultureInfo.InvariantCulture) * 1024);
    }
}
