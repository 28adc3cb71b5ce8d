using System.Globalization;
using System.Text;

namespace McpPortal.Sessions.Stdio;

/// <summary>Writes, as fstab(5) lines, what a child sees of the file system: an own /tmp, and nothing of the hidden folders.</summary>
internal sealed class MountTable
{
    public const string Home = "/tmp/home";

    private readonly StringBuilder _lines = new();
    private int _count;

    /// <param name="stages">An existing empty folder for each place of <paramref name="places"/>.</param>
    /// <param name="places">Shared folders (temporary, home) that are emptied except for <paramref name="readable"/>.</param>
    /// <param name="hidden">Existing folders and files that are never shown.</param>
    /// <param name="readable">Existing folders of programs.</param>
    /// <param name="owner">User id of the child as its namespace counts.</param>
    public static string Write(IReadOnlyList<string> stages, IEnumerable<string> places, IReadOnlyList<string> hidden, IReadOnlyList<string> readable, int owner, int megabytes)
    {
        var table = new MountTable();
        var outer = Outermost(places.Append("/tmp"));
        var shown = Outermost(readable.Where(folder => outer.Any(place => IsBelow(folder, place))));
        // The stages lie in one of the places; from the moment that one is covered they cannot be reached any more.
        outer = [.. outer.OrderBy(place => IsBelow(stages[0], place))];
        for (var i = 0; i < outer.Count; i++)
        {
            var options = outer[i] == "/tmp" ? $"size={megabytes}m,mode=1777,nosuid,nodev" : "size=64k,mode=0755,nosuid,nodev";
            table.Tmpfs(stages[i], options);
            foreach (var folder in shown.Where(folder => IsBelow(folder, outer[i])))
            {
                table.Line(folder, stages[i] + folder[outer[i].Length..], "none", "bind,X-mount.mkdir=0755");
            }
        }

        for (var i = 0; i < outer.Count; i++)
        {
            table.Line(stages[i], outer[i], "none", "rbind");
        }

        table.Tmpfs(Home, string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,uid={owner},gid={owner},mode=0700,nosuid,nodev,X-mount.mkdir=0755"));
        table.Tmpfs("/dev/shm", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=1777,nosuid,nodev"));
        foreach (var path in Outermost(hidden))
        {
            if (!outer.Any(place => path == place || IsBelow(path, place)) || shown.Any(folder => path == folder || IsBelow(path, folder)))
            {
                if (Directory.Exists(path))
                {
                    table.Tmpfs(path, "size=4k,mode=0000,ro,nosuid,nodev");
                }
                else
                {
                    table.Line("/dev/null", path, "none", "bind");
                }
            }
        }

        return table._lines.ToString();
    }

    public static bool IsBelow(string path, string folder) => path.Length > folder.Length && path[folder.Length] == '/' && path.StartsWith(folder, StringComparison.Ordinal);

    private static List<string> Outermost(IEnumerable<string> paths)
    {
        var all = paths.Distinct(StringComparer.Ordinal).ToList();
        return [.. all.Where(path => !all.Exists(other => IsBelow(path, other)))];
    }

    // mount(8) skips a line whose source and target are mounted already, so each source has a name of its own.
    private void Tmpfs(string target, string options) => Line($"portal-{_count++}", target, "tmpfs", options);

    private void Line(string source, string target, string type, string options) =>
        _lines.Append(CultureInfo.InvariantCulture, $"{Escape(source)} {Escape(target)} {type} {options} 0 0\n");

    private static string Escape(string path)
    {
        var text = new StringBuilder(path.Length);
        foreach (var character in path)
        {
            _ = character switch
            {
                '\\' or ' ' or '\t' or '\n' or '#' => text.Append('\\').Append(Convert.ToString(character, 8).PadLeft(3, '0')),
                _ => text.Append(character),
            };
        }

        return text.ToString();
    }
}
