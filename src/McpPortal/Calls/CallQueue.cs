using System.Threading.Channels;

namespace McpPortal.Calls;

/// <summary>Hands calls from the fronts to the worker. Full means refused, never forgotten.</summary>
internal sealed class CallQueue(CallsOptions options)
{
    private readonly Channel<UpstreamCall> _calls = Channel.CreateBounded<UpstreamCall>(new BoundedChannelOptions(options.MaxQueued)
    {
        FullMode = BoundedChannelFullMode.Wait,
    });

    public bool TryAdd(UpstreamCall call) => _calls.Writer.TryWrite(call);

    public IAsyncEnumerable<UpstreamCall> ReadAllAsync(CancellationToken cancellationToken) => _calls.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Takes no more calls; the worker ends when it has read the rest.</summary>
    public void Complete() => _calls.Writer.TryComplete();
}
