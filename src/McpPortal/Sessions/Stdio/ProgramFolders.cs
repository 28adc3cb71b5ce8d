namespace McpPortal.Sessions.Stdio;

/// <summary>Which folders a program needs to be read from, of those that lie where everything else is hidden.</summary>
internal static class ProgramFolders
{
    public static List<string> Of(string file, IEnumerable<string> declared, IReadOnlyList<string> places, IEnumerable<string> hidden)
    {
        var folders = new List<string>();
        foreach (var path in declared.Append(InstallationOf(file)).Append(InstallationOf(Real(file))))
        {
            foreach (var form in new[] { path, Real(path) })
            {
                var folder = Directory.Exists(form) ? form : Path.GetDirectoryName(form);
                if (folder is null || !places.Any(place => MountTable.IsBelow(folder, place) || folder == place))
                {
                    continue;
                }

                if (places.Contains(folder))
                {
                    throw new StdioRefusedException($"The program cannot lie directly in {folder}, where everything is hidden from programs. Move it into a folder of its own.");
                }

                folders.Add(folder);
            }
        }

        return hidden.FirstOrDefault(path => folders.Exists(folder => folder == path || MountTable.IsBelow(folder, path))) is { } inside
            ? throw new StdioRefusedException($"The program lies in {inside}, which is hidden from programs (Stdio:HiddenPaths). Move it elsewhere.")
            : folders;
    }

    // node in …/bin needs …/lib beside it.
    private static string InstallationOf(string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        return Path.GetFileName(folder) == "bin" ? Path.GetDirectoryName(folder)! : folder;
    }

    private static string Real(string path)
    {
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        return info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
    }
}
