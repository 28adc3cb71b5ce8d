using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace McpPortal.Calls;

/// <summary>
/// Hands calls from the fronts to the worker. Full means refused, never forgotten. A worker that waits begins a call on the thread that brings
/// it, up to where the call itself has to wait.
/// </summary>
internal sealed class CallQueue(CallsOptions options)
{
    private readonly Channel<UpstreamCall> _calls = Channel.CreateBounded<UpstreamCall>(new BoundedChannelOptions(options.MaxQueued)
    {
        FullMode = BoundedChannelFullMode.Wait,
        AllowSynchronousContinuations = true,
    });

    public bool TryAdd(UpstreamCall call)
    {
        // What the worker does is none of the page's business from which the call may come.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return _calls.Writer.TryWrite(call);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>Waits until there may be a call; false when there never will be one again. Goes on where the call is added.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _calls.Reader.WaitToReadAsync(cancellationToken);

    public bool IsEmpty => _calls.Reader.Count == 0;

    public bool TryTake([MaybeNullWhen(false)] out UpstreamCall call) => _calls.Reader.TryRead(out call);

    /// <summary>Takes no more calls; the worker ends when it has read the rest.</summary>
    public void Complete() => _calls.Writer.TryComplete();
}
