namespace McpPortal.Tests.Connections;

/// <summary>The real clock, moved by hand; timers run in real time.</summary>
internal sealed class SkewedTime : TimeProvider
{
    private long _offset;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + new TimeSpan(Interlocked.Read(ref _offset));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);
}
