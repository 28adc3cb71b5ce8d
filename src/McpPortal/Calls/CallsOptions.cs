namespace McpPortal.Calls;

/// <summary>Section <c>Calls</c>: limits of calls on one node.</summary>
internal sealed class CallsOptions
{
    /// <summary>The host waits half a minute for everything.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(25);

    /// <summary>Calls of one user that run at once; further ones wait.</summary>
    public int MaxRunningPerUser { get; init; } = 32;

    /// <summary>Calls of one user that may run or wait; further ones are refused.</summary>
    public int MaxPendingPerUser { get; init; } = 256;

    /// <summary>Calls that may wait for the worker; further ones are refused.</summary>
    public int MaxQueued { get; init; } = 4096;

    /// <summary>Largest arguments, in bytes of JSON.</summary>
    public int MaxArgumentBytes { get; init; } = 1024 * 1024;

    /// <summary>Records that may wait to be written; further calls are refused.</summary>
    public int MaxUnwrittenRecords { get; init; } = 20_000;

    /// <summary>How long a call waits for the answer to a question that a server asks its user in between.</summary>
    public TimeSpan QuestionWait { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long calls may go on once the portal was told to stop; what is not done then is told so.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(20);

    public void Validate()
    {
        if (QuestionWait <= TimeSpan.Zero)
        {
            throw new InvalidOperationException($"Calls:QuestionWait is {QuestionWait}. Write a positive time such as 00:02:00.");
        }

        if (DrainTime < TimeSpan.Zero || DrainTime > LongestDrain)
        {
            throw new InvalidOperationException($"Calls:DrainTime is {DrainTime}. Write a time from 00:00:00 to {LongestDrain}.");
        }

        Positive(MaxRunningPerUser, "MaxRunningPerUser");
        Positive(MaxPendingPerUser, "MaxPendingPerUser");
        Positive(MaxQueued, "MaxQueued");
        Positive(MaxArgumentBytes, "MaxArgumentBytes");
        Positive(MaxUnwrittenRecords, "MaxUnwrittenRecords");

        static void Positive(int value, string name)
        {
            if (value <= 0)
            {
                throw new InvalidOperationException($"Calls:{name} is {value}. Write a positive number.");
            }
        }
    }
}
