namespace McpPortal.Sandbox.State;

/// <summary>Writes the state shortly after each burst of changes, and once more at the end.</summary>
internal sealed class StateSaver(SandboxStore store) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await store.Dirty.WaitAsync(stoppingToken);
                store.Save();
                await Task.Delay(TimeSpan.FromMilliseconds(50), stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            store.Save();
        }
    }
}
