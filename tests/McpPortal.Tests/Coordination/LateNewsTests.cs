using McpPortal.Coordination;

namespace McpPortal.Tests.Coordination;

public sealed class LateNewsTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Whoever_waits_for_news_goes_on_when_they_come()
    {
        var invalidations = new Invalidations(TimeProvider.System);
        var waiting = invalidations.BecomesCurrentAsync(Long, TestContext.Current.CancellationToken).AsTask();
        Assert.False(waiting.IsCompleted);

        // What was asked an hour ago is no news.
        invalidations.Heard(TimeProvider.System.GetTimestamp() - (TimeProvider.System.TimestampFrequency * 3600));
        Assert.False(waiting.IsCompleted);
        invalidations.Heard(TimeProvider.System.GetTimestamp());

        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_news_the_wait_ends_with_no()
    {
        var invalidations = new Invalidations(TimeProvider.System);
        using var hangsUp = new CancellationTokenSource();
        await hangsUp.CancelAsync();

        Assert.False(await invalidations.BecomesCurrentAsync(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken));
        Assert.False(await invalidations.BecomesCurrentAsync(Long, hangsUp.Token));
    }
}
