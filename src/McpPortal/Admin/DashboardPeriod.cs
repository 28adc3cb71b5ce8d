namespace McpPortal.Admin;

/// <summary>How far back the dashboard looks, in hours.</summary>
public enum DashboardPeriod
{
    Hour = 1,
    Day = 24,
    Week = 168,
    Month = 720,
}

/// <summary>Words and steps of each period.</summary>
internal static class DashboardPeriods
{
    public static string Word(this DashboardPeriod period) => period switch
    {
        DashboardPeriod.Hour => "1 h",
        DashboardPeriod.Day => "24 h",
        DashboardPeriod.Week => "7 d",
        _ => "30 d",
    };

    public static TimeSpan Length(this DashboardPeriod period) => TimeSpan.FromHours((int)period);

    /// <summary>Width of one point of the chart: 60 to 96 points in each period.</summary>
    public static int StepSeconds(this DashboardPeriod period) => period switch
    {
        DashboardPeriod.Hour => 60,
        DashboardPeriod.Day => 15 * 60,
        DashboardPeriod.Week => 2 * 3600,
        _ => 8 * 3600,
    };

    /// <summary>How long an answer is good for. Long periods cost the database more and change less.</summary>
    public static TimeSpan GoodFor(this DashboardPeriod period) => period <= DashboardPeriod.Day ? TimeSpan.FromSeconds(4) : TimeSpan.FromMinutes(1);
}
