using System.Globalization;

namespace McpPortal.Sessions.Stdio;

/// <summary>Gives the namespaces of one child their own view of the file system.</summary>
internal sealed partial class PrivateMounts(StdioOptions options, ILogger logger) : IDisposable
{
    // Empty folders on which a place is prepared before it covers the real one, and the table while it is read.
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpportal-stdio-");

    /// <param name="isolation">Decides what else is closed off.</param>
    /// <param name="keeper">Holds the namespaces.</param>
    /// <param name="launch">Names the folders the program needs.</param>
    /// <param name="file">The program.</param>
    /// <param name="owner">User id of the child as the namespace counts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task MakeAsync(Isolation isolation, Keeper keeper, StdioLaunch launch, string file, int owner, CancellationToken cancellationToken)
    {
        var places = SharedPlaces(isolation);
        var readable = ProgramFolders.Of(file, launch.ReadPaths.Concat(options.ReadPaths), places, options.HiddenPaths);
        var stages = Enumerable.Range(0, places.Count + 1).Select(i => _folder.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"stage{i}")).FullName).ToList();
        var hidden = options.HiddenPaths.Where(Path.Exists).ToList();
        var table = Path.Combine(_folder.FullName, string.Create(CultureInfo.InvariantCulture, $"{keeper.Id}.fstab"));
        await File.WriteAllTextAsync(table, MountTable.Write(stages, places, hidden, readable, owner, options.TemporaryMegabytes), cancellationToken);
        try
        {
            await RunAsync(LaunchLine.Mounts(isolation, keeper.Id, table), launch.Name, cancellationToken);
        }
        finally
        {
            File.Delete(table);
        }

        if (isolation == Isolation.OwnNamespaces)
        {
            await RunAsync(LaunchLine.ReadOnlyRoot(isolation, keeper.Id), launch.Name, cancellationToken);
        }
    }

    public void Dispose()
    {
        _folder.Refresh();
        if (_folder.Exists)
        {
            _folder.Delete(recursive: true);
        }
    }

    private async Task RunAsync(List<string> arguments, string name, CancellationToken cancellationToken)
    {
        using var mount = Spawn.Start(LaunchLine.Nsenter, arguments);
        mount.StandardInput.Close();
        var errors = await mount.StandardError.ReadToEndAsync(cancellationToken);
        await mount.WaitForExitAsync(cancellationToken);
        if (mount.ExitCode != 0)
        {
            Log.NotMounted(logger, name, errors.Trim());
            throw new StdioRefusedException("The program's private view of the file system could not be set up. An administrator finds the reason in the log.");
        }
    }

    /// <summary>Folders in which other programs leave things; for a child with the portal's own user id its home is one of them.</summary>
    private static List<string> SharedPlaces(Isolation isolation)
    {
        IEnumerable<string> places = ["/tmp", "/var/tmp", "/run/user", Path.TrimEndingDirectorySeparator(Path.GetTempPath())];
        if (isolation == Isolation.OwnNamespaces)
        {
            places = places.Append(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        }

        return [.. places.Where(place => place.Length > 1 && Directory.Exists(place)).Distinct(StringComparer.Ordinal)];
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The private file system view of {Server} could not be mounted: {Errors}")]
        public static partial void NotMounted(ILogger logger, string server, string errors);
    }
}
