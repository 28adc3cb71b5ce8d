namespace McpPortal.Vault;

/// <summary>Opens the vault at start, and goes on trying while it is sealed: a key that comes back unseals without a restart.</summary>
internal sealed partial class VaultOpener(KeyRing ring, VaultState state, IRootKeyProvider rootKeys, TimeProvider time, ILogger<VaultOpener> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryOpenAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (state.IsSealed && await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryOpenAsync(stoppingToken);
        }
    }

    private async Task TryOpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ring.OpenAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            state.Seal("The database did not answer when the key ring was read.");
            Log.Failed(logger, e);
        }

        if (state.Reason is { } reason)
        {
            Log.Sealed(logger, reason);
        }
        else
        {
            Log.Opened(logger, rootKeys.Description);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The vault is open, with the {Source}.")]
        public static partial void Opened(ILogger logger, string source);

        [LoggerMessage(LogLevel.Critical, "The vault is sealed; credentials cannot be used. {Reason}")]
        public static partial void Sealed(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Error, "The key ring could not be read.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
