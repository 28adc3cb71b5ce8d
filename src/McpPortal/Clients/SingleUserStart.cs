using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Data;

namespace McpPortal.Clients;

/// <summary>
/// Once the portal listens, brings the account of single-user mode up to date. The first start makes the user together with its first
/// access key, and prints that on standard output, alone on its line and never again.
/// </summary>
internal sealed partial class SingleUserStart(
    PortalDatabase database, SingleUserAccount account, AccessKeys keys, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SingleUserStart> logger) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>Until then the portal is not ready.</summary>
    public bool IsDone { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A portal that fails to start must not have spent the only showing of the key.
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(listening.SetResult);
        await listening.Task.WaitAsync(stoppingToken);
        while (!await TryAsync(stoppingToken))
        {
            await Task.Delay(Retry, time, stoppingToken);
        }

        IsDone = true;
    }

    private async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await PrepareAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The vault is sealed, the database is away, or another process has just made the user.
            Log.Failed(logger, e.GetType().Name);
            return false;
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var key = await account.PrepareAsync(scope, cancellationToken)
            ? keys.Add(scope, SingleUserMode.User, "first start", readOnly: false, servers: null, toolsets: null, expiresAt: null, Actor.Job("start"))
            : null;
        await scope.CommitAsync(cancellationToken);
        if (key is not null)
        {
            await Console.Out.WriteLineAsync($"Sign in with this access key. It is shown only now; 'access-key create --user {SingleUserMode.Name}' makes another one.");
            await Console.Out.WriteLineAsync(key);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The account of single-user mode could not be brought up to date ({Reason}); trying again.")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
