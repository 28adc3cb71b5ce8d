namespace McpPortal.Sessions;

/// <summary>Lets the pool clean up every few seconds, and ends every session when the portal stops.</summary>
internal sealed class SessionSweeper(SessionPool pool, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            pool.Sweep();
        }
    }
}
