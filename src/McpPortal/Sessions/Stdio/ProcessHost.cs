using System.Diagnostics;
using System.Globalization;

namespace McpPortal.Sessions.Stdio;

/// <summary>Starts tool servers that are programs, each isolated by the strongest means that works on this machine.</summary>
internal sealed partial class ProcessHost(StdioOptions options, IHostEnvironment environment, ILogger<ProcessHost> logger) : IHostedService, IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpportal-stdio-");
    private readonly UserIdPool _userIds = new(options.FirstUserId, options.UserIdCount);
    private readonly HashSet<StdioProcess> _running = [];
    private string? _refusal;

    public ProcessSlots Slots { get; } = new(options.MaxProcesses, options.MaxProcessesPerUser);

    /// <summary>What is tried at the start, strongest first.</summary>
    public IReadOnlyList<Isolation> Candidates { get; set; } = [Isolation.OwnUser, Isolation.OwnNamespaces];

    /// <summary>What works here; known after the start.</summary>
    public Isolation Isolation { get; private set; } = Isolation.None;

    /// <summary>Finds out, by starting a child in each way, which isolation this machine allows.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_userIds.Collision(File.Exists("/etc/passwd") ? await File.ReadAllLinesAsync("/etc/passwd", cancellationToken) : []) is { } account)
        {
            throw new InvalidOperationException($"Stdio:FirstUserId and Stdio:UserIdCount take in the id of the account {account}. Write a range that no account uses.");
        }

        var findings = new List<string>();
        foreach (var candidate in Candidates)
        {
            var finding = await TryAsync(candidate, cancellationToken);
            if (finding is null)
            {
                Isolation = candidate;
                Log.Isolated(logger, candidate);
                return;
            }

            findings.Add($"{candidate}: {finding}");
        }

        var why = string.Join("; ", findings);
        if (environment.IsProduction() || !options.AllowUnisolated)
        {
            _refusal = "Programs cannot be kept apart from each other on this machine, so tool servers that are programs are switched off. An administrator finds the reason in the log.";
            Log.Refused(logger, why);
            return;
        }

        Log.Unisolated(logger, why);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        StdioProcess[] running;
        lock (_running)
        {
            _refusal = "The portal is shutting down.";
            running = [.. _running];
        }

        await Task.WhenAll(running.Select(async process => await process.DisposeAsync())).WaitAsync(cancellationToken);
    }

    /// <exception cref="StdioRefusedException">With a sentence for the user.</exception>
    public async Task<StdioProcess> StartAsync(StdioLaunch launch, CancellationToken cancellationToken)
    {
        if (_refusal is { } refusal)
        {
            throw new StdioRefusedException(refusal);
        }

        Check(launch);
        var file = ProgramFile.Find(launch.Command, options.Path);
        if (!Slots.TryTake(launch.User, out var slot, out refusal))
        {
            throw new StdioRefusedException(refusal);
        }

        StdioProcess process;
        try
        {
            process = await SpawnAsync(Isolation, launch, file, slot.Dispose, cancellationToken);
        }
        catch
        {
            slot.Dispose();
            throw;
        }

        lock (_running)
        {
            _running.Add(process);
        }

        _ = process.Ended.ContinueWith(_ => Forget(process), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        Log.Started(logger, launch.Name, launch.User.Value, process.Id);
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        if (_folder.Exists)
        {
            _folder.Delete(recursive: true);
        }
    }

    private static void Check(StdioLaunch launch)
    {
        foreach (var (name, value) in launch.Environment)
        {
            if ((EnvironmentRules.RefuseName(name) ?? EnvironmentRules.RefuseValue(name, value)) is { } refusal)
            {
                throw new StdioRefusedException(refusal);
            }
        }

        foreach (var argument in launch.Arguments)
        {
            if (argument.Contains('\0', StringComparison.Ordinal))
            {
                throw new StdioRefusedException("An argument of the program contains a character no argument can hold.");
            }

            // Everybody on the machine can read argument lists.
            if (launch.Secrets.Any(secret => secret.Length > 0 && argument.Contains(secret, StringComparison.Ordinal)))
            {
                throw new StdioRefusedException("A secret cannot be an argument of a program; declare a variable for it.");
            }
        }
    }

    private async Task<StdioProcess> SpawnAsync(Isolation isolation, StdioLaunch launch, string file, Action release, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.StartTimeout);
        try
        {
            return isolation == Isolation.None
                ? SpawnBare(launch, file, release)
                : await SpawnIsolatedAsync(isolation, launch, file, release, timeout.Token);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StdioRefusedException($"{launch.Name} did not start within {options.StartTimeout.TotalSeconds:0} seconds.", error);
        }
    }

    private async Task<StdioProcess> SpawnIsolatedAsync(Isolation isolation, StdioLaunch launch, string file, Action release, CancellationToken cancellationToken)
    {
        var own = isolation == Isolation.OwnUser;
        var user = own ? _userIds.Rent() : (int)Posix.EffectiveUser();
        Keeper? keeper = null;
        try
        {
            keeper = await Keeper.StartAsync(isolation, cancellationToken);
            await MountAsync(isolation, keeper, launch, file, own ? user : 0, cancellationToken);
            var process = Spawn.Start(LaunchLine.Nsenter, LaunchLine.Program(isolation, keeper.Id, user, options, file, launch.Arguments), Variables(launch, MountTable.Home));
            return new StdioProcess(process, keeper, options.GraceTime, Release);
        }
        catch
        {
            if (keeper is not null)
            {
                await keeper.DisposeAsync();
            }

            Return();
            throw;
        }

        void Release()
        {
            Return();
            release();
        }

        void Return()
        {
            if (own)
            {
                _userIds.Return(user);
            }
        }
    }

    private async Task MountAsync(Isolation isolation, Keeper keeper, StdioLaunch launch, string file, int owner, CancellationToken cancellationToken)
    {
        var places = SharedPlaces(isolation);
        var readable = ProgramFolders.Of(file, launch.ReadPaths.Concat(options.ReadPaths), places, options.HiddenPaths);
        var stages = Enumerable.Range(0, places.Count + 1).Select(i => _folder.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"stage{i}")).FullName).ToList();
        var hidden = options.HiddenPaths.Where(Path.Exists).ToList();
        var table = Path.Combine(_folder.FullName, string.Create(CultureInfo.InvariantCulture, $"{keeper.Id}.fstab"));
        await File.WriteAllTextAsync(table, MountTable.Write(stages, places, hidden, readable, owner, options.TemporaryMegabytes), cancellationToken);
        try
        {
            using var mount = Spawn.Start(LaunchLine.Nsenter, LaunchLine.Mounts(isolation, keeper.Id, table));
            mount.StandardInput.Close();
            var errors = await mount.StandardError.ReadToEndAsync(cancellationToken);
            await mount.WaitForExitAsync(cancellationToken);
            if (mount.ExitCode != 0)
            {
                Log.NotMounted(logger, launch.Name, errors.Trim());
                throw new StdioRefusedException("The program's private view of the file system could not be set up. An administrator finds the reason in the log.");
            }
        }
        finally
        {
            File.Delete(table);
        }
    }

    /// <summary>Folders in which other programs leave things; below the portal's own user id its home is one of them.</summary>
    private static List<string> SharedPlaces(Isolation isolation)
    {
        IEnumerable<string> places = ["/tmp", "/var/tmp", "/run/user", Path.TrimEndingDirectorySeparator(Path.GetTempPath())];
        if (isolation == Isolation.OwnNamespaces)
        {
            places = places.Append(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        }

        return [.. places.Where(place => place.Length > 1 && Directory.Exists(place)).Distinct(StringComparer.Ordinal)];
    }

    private StdioProcess SpawnBare(StdioLaunch launch, string file, Action release)
    {
        var home = _folder.CreateSubdirectory(Guid.NewGuid().ToString("N"));
        var process = Spawn.Start(file, launch.Arguments, Variables(launch, home.FullName), home.FullName);
        return new StdioProcess(process, keeper: null, options.GraceTime, () =>
        {
            home.Delete(recursive: true);
            release();
        });
    }

    private Dictionary<string, string> Variables(StdioLaunch launch, string home)
    {
        var variables = EnvironmentRules.Base(options.Path, home);
        foreach (var (name, value) in launch.Environment)
        {
            variables.Add(name, value);
        }

        return variables;
    }

    private void Forget(StdioProcess process)
    {
        lock (_running)
        {
            _running.Remove(process);
        }
    }

    // Null when a child started in this way is what it should be, otherwise what is wrong.
    private async Task<string?> TryAsync(Isolation isolation, CancellationToken cancellationToken)
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
            await using var process = await SpawnAsync(isolation, launch, launch.Command, () => { }, cancellationToken);
            using var reader = new StreamReader(process.Output);
            var status = await reader.ReadToEndAsync(cancellationToken).WaitAsync(options.StartTimeout, cancellationToken);
            using var errors = new StreamReader(process.Errors);
            return IsIsolated(isolation, status) ? null : $"the trial was not isolated ({(await errors.ReadToEndAsync(cancellationToken)).Trim()})";
        }
        catch (Exception error) when (error is StdioRefusedException or System.ComponentModel.Win32Exception or IOException or TimeoutException)
        {
            return error.Message;
        }
    }

    private bool IsIsolated(Isolation isolation, string status)
    {
        var fields = status.Split('\n').Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.Ordinal);
        return fields.GetValueOrDefault("NoNewPrivs") == "1"
            && fields.GetValueOrDefault("CapEff")?.Trim('0').Length == 0
            && fields.GetValueOrDefault("CapPrm")?.Trim('0').Length == 0
            && int.TryParse(fields.GetValueOrDefault("Pid"), CultureInfo.InvariantCulture, out var id) && id < 100
            && int.TryParse(fields.GetValueOrDefault("Uid")?.Split('\t')[0], CultureInfo.InvariantCulture, out var user)
            && (isolation != Isolation.OwnUser || (user >= options.FirstUserId && user < options.FirstUserId + options.UserIdCount));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Tool programs are isolated by {Isolation}")]
        public static partial void Isolated(ILogger logger, Isolation isolation);

        [LoggerMessage(LogLevel.Error, "Tool programs are switched off because no isolation works here ({Why}). Run the portal as root, or allow unprivileged user namespaces; Stdio:AllowUnisolated is honoured outside Production only")]
        public static partial void Refused(ILogger logger, string why);

        [LoggerMessage(LogLevel.Warning, "Tool programs run without isolation because none works here ({Why}): they can read what the portal's user can. Production would refuse; set Stdio:AllowUnisolated=false to refuse here too")]
        public static partial void Unisolated(ILogger logger, string why);

        [LoggerMessage(LogLevel.Error, "The private file system view of {Server} could not be mounted: {Errors}")]
        public static partial void NotMounted(ILogger logger, string server, string errors);

        [LoggerMessage(LogLevel.Information, "Started {Server} for user {User} as process {Process}")]
        public static partial void Started(ILogger logger, string server, Guid user, int process);
    }
}
