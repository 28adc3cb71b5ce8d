using System.Globalization;

namespace McpPortal.Tests.Promises;

/// <summary>What a process has started, as the kernel tells it.</summary>
internal static class ProcessTree
{
    /// <summary>Living descendants. A child whose parent died is nobody's any more, so ask before.</summary>
    public static HashSet<RunningProcess> Below(int root)
    {
        var children = All().ToLookup(process => process.Parent, process => process.Self);
        var found = new HashSet<RunningProcess>();
        var open = new Queue<int>([root]);
        while (open.TryDequeue(out var parent))
        {
            foreach (var child in children[parent].Where(found.Add))
            {
                open.Enqueue(child.Id);
            }
        }

        return found;
    }

    /// <summary>Those that still run; a dead one that nobody has reaped does not count.</summary>
    public static List<RunningProcess> Living(IReadOnlySet<RunningProcess> processes) => [.. All().Select(process => process.Self).Where(processes.Contains)];

    private static IEnumerable<(RunningProcess Self, int Parent)> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || Read(Path.Combine(folder, "stat")) is not { } stat)
            {
                continue;
            }

            // After the name, which is in brackets: state, parent, …, and the start time as the twentieth.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            if (fields[0] is not ("Z" or "X"))
            {
                yield return (new RunningProcess(id, fields[19]), int.Parse(fields[1], CultureInfo.InvariantCulture));
            }
        }
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
