namespace McpPortal.Accounts;

/// <summary><c>Access:MaxIdleDays</c>: after how long without a sign-in a person's programs are paused.</summary>
internal sealed record IdleLimit(int Days)
{
    private const string Key = "Access:MaxIdleDays";
    private const int Default = 30;

    public static IdleLimit Read(IConfiguration configuration)
    {
        var days = configuration.GetValue(Key, Default);
        return days is >= 1 and <= 3650 ? new IdleLimit(days) : throw new InvalidOperationException($"{Key} is {days}. Write a number of days from 1 to 3650, such as {Default}.");
    }
}
