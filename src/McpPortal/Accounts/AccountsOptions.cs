namespace McpPortal.Accounts;

/// <summary>Configuration section <c>Accounts</c>: how long a sign-in lasts.</summary>
internal sealed class AccountsOptions
{
    public const string Section = "Accounts";

    /// <summary>A sign-in that nobody uses for this long ends.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(8);

    /// <summary>No sign-in lasts longer, however much it is used.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);

    public IEnumerable<string> Errors()
    {
        if (IdleTimeout < TimeSpan.FromMinutes(1) || IdleTimeout > Lifetime)
        {
            yield return $"{Section}:IdleTimeout is '{IdleTimeout}'. Write a time from 00:01:00 up to {Section}:Lifetime, such as 08:00:00.";
        }

        if (Lifetime < TimeSpan.FromMinutes(1) || Lifetime > TimeSpan.FromDays(30))
        {
            yield return $"{Section}:Lifetime is '{Lifetime}'. Write a time from 00:01:00 to 30.00:00:00, such as 1.00:00:00.";
        }
    }
}
