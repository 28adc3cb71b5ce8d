using System.Diagnostics;

namespace McpPortal.Sessions.Stdio;

/// <summary>Starts a program with literal arguments and exactly the given variables.</summary>
internal static class Spawn
{
    public static Process Start(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string folder = "/")
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        info.Environment.Clear();
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            info.Environment[name] = value;
        }

        return Process.Start(info)!;
    }
}
