namespace McpPortal.Tests.Rig;

/// <summary>The real time, and what a test adds to it.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long _ticks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ticks));

    public override long GetTimestamp() => base.GetTimestamp() + (long)(TimeSpan.FromTicks(Interlocked.Read(ref _ticks)).TotalSeconds * TimestampFrequency);

    public void Shift(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
