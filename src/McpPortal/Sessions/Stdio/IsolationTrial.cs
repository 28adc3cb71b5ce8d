using System.ComponentModel;
using System.Globalization;

namespace McpPortal.Sessions.Stdio;

/// <summary>Starts one child in a given way and looks at what the kernel says about it.</summary>
internal static class IsolationTrial
{
    public delegate Task<StdioProcess> Start(Isolation isolation, StdioLaunch launch, string file, Action release, CancellationToken cancellationToken);

    /// <summary>Null when the child was what it should be, otherwise what is wrong.</summary>
    public static async Task<string?> RunAsync(Isolation isolation, StdioOptions options, Start start, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "works on Linux only";
        }

        if (LaunchLine.MissingTool() is { } tool)
        {
            return $"{tool} is not there";
        }

        // A namespace of root's own user id would still own root's files.
        var root = Posix.EffectiveUser() == 0;
        if (root != (isolation == Isolation.OwnUser))
        {
            return root ? "the portal runs as root" : "the portal does not run as root";
        }

        try
        {
            var launch = new StdioLaunch { User = default, Name = "The trial of the isolation", Command = "/usr/bin/cat", Arguments = ["/proc/self/status"] };
            await using var process = await start(isolation, launch, launch.Command, () => { }, cancellationToken);
            using var output = new StreamReader(process.Output);
            using var errors = new StreamReader(process.Errors);
            var status = await output.ReadToEndAsync(cancellationToken).WaitAsync(options.StartTimeout, cancellationToken);
            return IsIsolated(isolation, options, status) ? null : $"the trial was not isolated ({(await errors.ReadToEndAsync(cancellationToken)).Trim()})";
        }
        catch (Exception error) when (error is StdioRefusedException or Win32Exception or IOException or TimeoutException)
        {
            return error.Message;
        }
    }

    private static bool IsIsolated(Isolation isolation, StdioOptions options, string status)
    {
        var fields = status.Split('\n').Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.Ordinal);
        return fields.GetValueOrDefault("NoNewPrivs") == "1"
            && fields.GetValueOrDefault("CapEff")?.Trim('0').Length == 0
            && fields.GetValueOrDefault("CapPrm")?.Trim('0').Length == 0
            // In a namespace of its own the numbers start anew.
            && int.TryParse(fields.GetValueOrDefault("Pid"), CultureInfo.InvariantCulture, out var id) && id < 100
            && int.TryParse(fields.GetValueOrDefault("Uid")?.Split('\t')[0], CultureInfo.InvariantCulture, out var user)
            && (isolation != Isolation.OwnUser || (user >= options.FirstUserId && user < options.FirstUserId + options.UserIdCount));
    }
}
