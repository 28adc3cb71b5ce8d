using System.Net;
using System.Net.Sockets;

namespace McpPortal.Outbound;

internal enum AddressKind
{
    Public,

    /// <summary>Loopback, private, carrier-grade NAT, unique local: reachable through the allow-list only.</summary>
    Internal,

    /// <summary>Unspecified, link-local, cloud metadata, multicast, reserved, and ranges that embed another address: never.</summary>
    Never,
}

/// <summary>Sorts addresses by the IANA special-purpose registries.</summary>
/// <remarks>A NAT64 prefix of one's own network cannot be told from a public one; such a network needs its own egress rule.</remarks>
internal static class AddressRules
{
    private static readonly IPNetwork[] Internal =
    [
        IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("::1/128"), IPNetwork.Parse("fc00::/7"),
    ];

    private static readonly IPNetwork[] Never =
    [
        // Metadata services that live inside ranges which the allow-list could otherwise open, or at a public address (Azure).
        IPNetwork.Parse("100.100.100.200/32"), IPNetwork.Parse("168.63.129.16/32"),
        IPNetwork.Parse("fd00:ec2::254/128"), IPNetwork.Parse("fd20:ce::254/128"),
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.0.2.0/24"),
        IPNetwork.Parse("192.88.99.0/24"), IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("198.51.100.0/24"),
        IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("240.0.0.0/4"),
        // Inside 2000::/3: IETF assignments with Teredo and ORCHID, documentation, 6to4, 6bone.
        IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16"),
        IPNetwork.Parse("3ffe::/16"), IPNetwork.Parse("3fff::/20"),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    public static AddressKind Classify(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (Array.Exists(Never, n => n.Contains(address)))
        {
            return AddressKind.Never;
        }

        if (Array.Exists(Internal, n => n.Contains(address)))
        {
            return AddressKind.Internal;
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return AddressKind.Public;
        }

        // NAT64, IPv4-compatible and IPv4-translated addresses, link-local and multicast all lie outside 2000::/3.
        return GlobalUnicast.Contains(address) && !IsIsatap(address) ? AddressKind.Public : AddressKind.Never;
    }

    /// <summary>RFC 5214 §6.1: the interface identifier embeds an IPv4 address.</summary>
    private static bool IsIsatap(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes[8] is 0 or 2 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
    }
}
