namespace McpPortal.Calls;

/// <summary>
/// The hosted worker: takes each call off the queue and runs it apart from the request that asked for it. One reader for each processor begins
/// calls up to their first wait, where they are added if it has nothing else to do: so none need be handed to another thread first.
/// </summary>
internal sealed partial class CallWorker(CallQueue queue, CallRunner runner, Draining draining, ILogger<CallWorker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not disposed: calls that are being ended still look at it.
        var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, draining.Over).Token;
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(() => ReadAsync(over, stoppingToken), CancellationToken.None)));
    }

    private async Task ReadAsync(CancellationToken over, CancellationToken stoppingToken)
    {
        try
        {
            while (await queue.WaitAsync(stoppingToken))
            {
                var borrowed = true;
                while (queue.TryTake(out var call))
                {
                    _ = RunAsync(call, over);
                    if (borrowed && !queue.IsEmpty)
                    {
                        // The thread that brought the first one goes back to its own work; under load there would always be another call.
                        await Task.Yield();
                        borrowed = false;
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping: what is still queued is told below.
        }
        finally
        {
            queue.Complete();
            while (queue.TryTake(out var call))
            {
                call.Done.TrySetResult(Stopping(call));
            }
        }
    }

    private async Task RunAsync(UpstreamCall call, CancellationToken stoppingToken)
    {
        try
        {
            call.Done.TrySetResult(await runner.RunAsync(call, stoppingToken));
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            // A bug: the exception may quote what was sent, so its text stays out of the log.
            Log.Failed(logger, call.Id.Value, call.Server.Slug, e.GetType().Name, e.StackTrace);
            call.Done.TrySetResult(new CallOutcome.Refused($"The call failed inside the portal. Its number is {call.Id}.") { Id = call.Id, Server = call.Server.Name });
        }
        catch
        {
            call.Done.TrySetResult(Stopping(call));
        }
    }

    private static CallOutcome.Refused Stopping(UpstreamCall call) =>
        new(Draining.Sentence, Busy: true) { Id = call.Id, Server = call.Server.Name };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Call {Call} to {Server} failed inside the portal: {Exception}\n{Stack}")]
        public static partial void Failed(ILogger logger, Guid call, string server, string exception, string? stack);
    }
}
