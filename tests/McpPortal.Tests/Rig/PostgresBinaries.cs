namespace McpPortal.Tests.Rig;

/// <summary>Where Debian and others put initdb and postgres, which are not on the PATH.</summary>
internal static class PostgresBinaries
{
    public static string Folder() =>
        Candidates().FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
        ?? throw new InvalidOperationException("PostgreSQL is not installed. Run infra/test, which installs it, or install the package 'postgresql'.");

    private static IEnumerable<string> Candidates()
    {
        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin"))
            : [];
        return debian.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator));
    }
}
