namespace McpPortal.Calls;

/// <summary>
/// How long calls may go on once the portal was told to stop. The web server waits for open requests before anything else is stopped, and
/// after half a minute cuts them off; until shortly before that there is somebody to be told how a call ended.
/// </summary>
internal sealed class Draining : IDisposable
{
    public const string Sentence = "The portal is restarting. Try again in a moment.";

    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenRegistration _stopping;

    public Draining(IHostApplicationLifetime lifetime, CallsOptions options, TimeProvider time)
    {
        _over = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _stopping = lifetime.ApplicationStopping.Register(() => _over.CancelAfter(options.DrainTime));
        Over = _over.Token;
    }

    /// <summary>Cancelled when what still runs has to end.</summary>
    public CancellationToken Over { get; }

    public void Dispose()
    {
        _stopping.Dispose();
        _over.Dispose();
    }
}
