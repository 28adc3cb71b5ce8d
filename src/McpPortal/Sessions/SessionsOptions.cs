namespace McpPortal.Sessions;

/// <summary>Section <c>Sessions</c>: upstream sessions of this node.</summary>
internal sealed class SessionsOptions
{
    /// <summary>How long opening may take, with everything that belongs to it.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A session that nobody used for so long is closed.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Sessions open at once on this node; the longest idle one makes room.</summary>
    public int Max { get; init; } = 5000;

    /// <summary>Largest answer of an HTTP server, in bytes.</summary>
    public int MaxAnswerBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How long before its end a token in a child's environment is taken for ended.</summary>
    public TimeSpan EnvironmentTokenMargin { get; init; } = TimeSpan.FromMinutes(2);

    public void Validate()
    {
        Check(OpenTimeout > TimeSpan.Zero, "Sessions:OpenTimeout", "a positive time such as 00:00:30");
        Check(IdleTimeout > TimeSpan.Zero, "Sessions:IdleTimeout", "a positive time such as 00:10:00");
        Check(Max > 0, "Sessions:Max", "a positive number");
        Check(MaxAnswerBytes >= 1024, "Sessions:MaxAnswerBytes", "at least 1024");

        static void Check(bool good, string key, string expected)
        {
            if (!good)
            {
                throw new InvalidOperationException($"{key} is not usable. Write {expected}.");
            }
        }
    }
}
