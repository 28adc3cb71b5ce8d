using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace McpPortal.Tests.Rig;

/// <summary>Hands out loopback ports that are free now and were not handed out before in this run.</summary>
internal static class Ports
{
    private static readonly ConcurrentDictionary<int, byte> Given = new();

    public static int Free()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            if (Given.TryAdd(port, 0))
            {
                return port;
            }
        }
    }
}
