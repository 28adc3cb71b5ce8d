namespace McpPortal.Coordination;

/// <summary>Hosted work that is done again and again. What fails is told and left to the next time.</summary>
internal abstract class RepeatedWork(TimeSpan interval, TimeProvider time) : BackgroundService
{
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await WorkAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Tell(e);
            }
        }
    }

    /// <summary>Does it once.</summary>
    protected abstract Task WorkAsync(CancellationToken cancellationToken);

    /// <summary>Says in the log what could not be done.</summary>
    protected abstract void Tell(Exception fault);
}
