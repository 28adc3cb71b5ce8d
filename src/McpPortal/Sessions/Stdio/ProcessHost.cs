using McpPortal.Servers;

namespace McpPortal.Sessions.Stdio;

/// <summary>Starts tool servers that are programs, each isolated by the strongest means that works on this machine.</summary>
internal sealed partial class ProcessHost(StdioOptions options, IHostEnvironment environment, ILogger<ProcessHost> logger) : IHostedService, IAsyncDisposable
{
    private readonly PrivateMounts _mounts = new(options, logger);
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
            var finding = await IsolationTrial.RunAsync(candidate, options, SpawnAsync, cancellationToken);
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
        _mounts.Dispose();
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
            await _mounts.MakeAsync(isolation, keeper, launch, file, own ? user : 0, cancellationToken);
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

    private StdioProcess SpawnBare(StdioLaunch launch, string file, Action release)
    {
        var home = Directory.CreateTempSubdirectory("mcpportal-program-");
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

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Tool programs are isolated by {Isolation}")]
        public static partial void Isolated(ILogger logger, Isolation isolation);

        [LoggerMessage(LogLevel.Error, "Tool programs are switched off because no isolation works here ({Why}). Run the portal as root, or allow unprivileged user namespaces; Stdio:AllowUnisolated is honoured outside Production only")]
        public static partial void Refused(ILogger logger, string why);

        [LoggerMessage(LogLevel.Warning, "Tool programs run without isolation because none works here ({Why}): they can read what the portal's user can. Production would refuse; set Stdio:AllowUnisolated=false to refuse here too")]
        public static partial void Unisolated(ILogger logger, string why);

        [LoggerMessage(LogLevel.Information, "Started {Server} for user {User} as process {Process}")]
        public static partial void Started(ILogger logger, string server, Guid user, int process);
    }
}
