namespace McpPortal.Outbound;

/// <summary>Configuration section <c>Outbound</c>.</summary>
internal sealed class OutboundOptions
{
    public const string Section = "Outbound";

    /// <summary>Exact <c>host:port</c> entries that may be reached although they are not on the public internet.</summary>
    public IList<string> AllowedHosts { get; init; } = [];

    /// <summary>Ports that may be used on public hosts.</summary>
    public IList<int> Ports { get; init; } = [];

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public static IReadOnlyList<int> DefaultPorts { get; } = [443, 8443];

    public IEnumerable<string> Errors()
    {
        for (var i = 0; i < AllowedHosts.Count; i++)
        {
            if (AllowedHost.Parse(AllowedHosts[i]) is null)
            {
                yield return $"{Section}:AllowedHosts:{i} is '{AllowedHosts[i]}'. Write one exact host and port without scheme or wildcard, such as 'mcp.internal.example:443'.";
            }
        }

        for (var i = 0; i < Ports.Count; i++)
        {
            if (Ports[i] is < 1 or > 65535)
            {
                yield return $"{Section}:Ports:{i} is {Ports[i]}. Write a port number from 1 to 65535, such as 443.";
            }
        }

        if (ConnectTimeout < TimeSpan.FromSeconds(1) || ConnectTimeout > TimeSpan.FromMinutes(2))
        {
            yield return $"{Section}:ConnectTimeout is '{ConnectTimeout}'. Write a time from 00:00:01 to 00:02:00.";
        }
    }
}
