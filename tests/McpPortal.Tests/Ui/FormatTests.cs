using McpPortal.Ui;

namespace McpPortal.Tests.Ui;

public sealed class FormatTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 3, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(-44, "just now")]
    [InlineData(20, "in a moment")]
    [InlineData(-46, "1 min ago")]
    [InlineData(-120, "2 min ago")]
    [InlineData(41 * 60, "in 41 min")]
    [InlineData(-3569, "59 min ago")]
    [InlineData(-3599, "1 h ago")]
    [InlineData(-5 * 3600 - 1800, "5 h ago")]
    [InlineData(-86399, "1 day ago")]
    [InlineData(-29 * 86400, "29 days ago")]
    [InlineData(-30 * 86400, "3 Apr 2026")]
    [InlineData(60 * 86400, "2 Jul 2026")]
    public void A_moment_is_told_by_its_distance(int seconds, string words) =>
        Assert.Equal(words, Format.Relative(Now.AddSeconds(seconds), Now));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1,023 B")]
    [InlineData(1024, "1 KB")]
    [InlineData(1536, "1.5 KB")]
    [InlineData(10_240, "10 KB")]
    [InlineData(1_048_575, "1 MB")]
    [InlineData(long.MaxValue, "8388608 TB")]
    public void Sizes_keep_two_figures(long bytes, string words) => Assert.Equal(words, Format.Bytes(bytes));

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(0.42, "0.4 ms")]
    [InlineData(214, "214 ms")]
    [InlineData(999.7, "1 s")]
    [InlineData(1_240, "1.2 s")]
    [InlineData(185_000, "3 min 5 s")]
    [InlineData(7_800_000, "2 h 10 min")]
    [InlineData(172_800_000, "2 days")]
    public void Durations_have_the_unit_that_fits(double milliseconds, string words) =>
        Assert.Equal(words, Format.Duration(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData(0, "0\u00a0%")]
    [InlineData(0.004, "0.4\u00a0%")]
    [InlineData(0.125, "13\u00a0%")]
    [InlineData(1, "100\u00a0%")]
    public void Shares_are_percent(double share, string words) => Assert.Equal(words, Format.Percent(share));

    [Fact]
    public void Counts_have_thousands_separators_and_the_right_noun()
    {
        Assert.Equal("1,234,567", Format.Count(1_234_567));
        Assert.Equal("1 call", Format.Count(1, "call", "calls"));
        Assert.Equal("2,000 calls", Format.Count(2000, "call", "calls"));
    }
}
