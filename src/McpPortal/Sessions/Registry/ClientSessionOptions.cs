namespace McpPortal.Sessions.Registry;

/// <summary>Section <c>Gateway</c>: how long sessions of MCP clients last, how many there may be, and how long the registry keeps what is over.</summary>
internal sealed class ClientSessionOptions
{
    /// <summary>A session of the older protocol revisions ends when nobody used it for so long. Also <c>MCP_SESSION_TIMEOUT</c>, in seconds.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Sessions of one user at once, on all nodes together. Also <c>MCP_MAX_CONNECTIONS_PER_USER</c>.</summary>
    public int MaxSessionsPerUser { get; init; } = 5;

    /// <summary>What to do about one more.</summary>
    public AtMaximum AtMaximumSessions { get; init; }

    /// <summary>How long sessions that are over stay on the pages.</summary>
    public TimeSpan KeepEndedSessions { get; init; } = TimeSpan.FromDays(30);

    public static ClientSessionOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Gateway");
        Check(section["AtMaximumSessions"] is not { } word || (Enum.TryParse<AtMaximum>(word, ignoreCase: true, out var known) && Enum.IsDefined(known)), "AtMaximumSessions", $"{nameof(AtMaximum.EndOldestIdle)} or {nameof(AtMaximum.Refuse)}");
        var options = section.Get<ClientSessionOptions>() ?? new ClientSessionOptions();
        options = new ClientSessionOptions
        {
            SessionTimeout = section["SessionTimeout"] is null && configuration.GetValue<double?>("MCP_SESSION_TIMEOUT") is { } seconds ? TimeSpan.FromSeconds(seconds) : options.SessionTimeout,
            MaxSessionsPerUser = section["MaxSessionsPerUser"] is null && configuration.GetValue<int?>("MCP_MAX_CONNECTIONS_PER_USER") is { } sessions ? sessions : options.MaxSessionsPerUser,
            AtMaximumSessions = options.AtMaximumSessions,
            KeepEndedSessions = options.KeepEndedSessions,
        };
        Check(options.SessionTimeout > TimeSpan.Zero, "SessionTimeout", "a positive time such as 01:00:00");
        Check(options.MaxSessionsPerUser > 0, "MaxSessionsPerUser", "a positive number");
        Check(options.KeepEndedSessions >= TimeSpan.Zero, "KeepEndedSessions", "a time such as 30.00:00:00, or 00:00:00 to keep none");
        return options;

        static void Check(bool good, string name, string write)
        {
            if (!good)
            {
                throw new InvalidOperationException($"Gateway:{name} cannot be used. Write {write}.");
            }
        }
    }
}
