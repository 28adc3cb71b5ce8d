namespace McpPortal.Gateway;

/// <summary>Section <c>Gateway</c>: limits of AI clients' sessions and of the list of everything.</summary>
internal sealed class GatewayOptions
{
    /// <summary>A session of the older protocol revisions ends when nobody used it for so long. Also <c>MCP_SESSION_TIMEOUT</c>, in seconds.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Sessions of one user on this node; the one unused longest makes room. Also <c>MCP_MAX_CONNECTIONS_PER_USER</c>.</summary>
    public int MaxSessionsPerUser { get; init; } = 5;

    /// <summary>How long <c>/mcp</c> waits for the tools of all servers; those that are later are named and left out.</summary>
    public TimeSpan ListTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a call waits for its user, whom the client has sent to connect what is missing.</summary>
    public TimeSpan ConnectWait { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Messages of one user that this node reads or answers at once; further ones are refused with 429.</summary>
    public int MaxRequestsPerUser { get; init; } = 512;

    /// <summary>How long the whole of a message may take to arrive.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may leave a piece of an answer untaken before it is hung up on.</summary>
    public TimeSpan TakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public static GatewayOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Gateway");
        var options = section.Get<GatewayOptions>() ?? new GatewayOptions();
        options = new GatewayOptions
        {
            SessionTimeout = section["SessionTimeout"] is null && configuration.GetValue<double?>("MCP_SESSION_TIMEOUT") is { } seconds ? TimeSpan.FromSeconds(seconds) : options.SessionTimeout,
            MaxSessionsPerUser = section["MaxSessionsPerUser"] is null && configuration.GetValue<int?>("MCP_MAX_CONNECTIONS_PER_USER") is { } sessions ? sessions : options.MaxSessionsPerUser,
            ListTimeout = options.ListTimeout,
            ConnectWait = options.ConnectWait,
            MaxRequestsPerUser = options.MaxRequestsPerUser,
            ReadTimeout = options.ReadTimeout,
            TakeTimeout = options.TakeTimeout,
        };
        Check(options.SessionTimeout > TimeSpan.Zero, "SessionTimeout", "a positive time such as 01:00:00");
        Check(options.MaxSessionsPerUser > 0, "MaxSessionsPerUser", "a positive number");
        Check(options.ListTimeout > TimeSpan.Zero, "ListTimeout", "a positive time such as 00:00:05");
        Check(options.ConnectWait > TimeSpan.Zero, "ConnectWait", "a positive time such as 00:02:00");
        Check(options.MaxRequestsPerUser > 0, "MaxRequestsPerUser", "a positive number");
        Check(options.ReadTimeout > TimeSpan.Zero, "ReadTimeout", "a positive time such as 00:00:30");
        Check(options.TakeTimeout > TimeSpan.Zero, "TakeTimeout", "a positive time such as 00:00:30");
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
