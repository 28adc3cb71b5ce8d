namespace McpPortal.Gateway;

/// <summary>Section <c>Gateway</c>: how long MCP clients wait. Their sessions: <see cref="Sessions.Registry.ClientSessionOptions"/>.</summary>
internal sealed class GatewayOptions
{
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
        var options = configuration.GetSection("Gateway").Get<GatewayOptions>() ?? new GatewayOptions();
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
