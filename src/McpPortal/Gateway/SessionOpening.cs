using System.Globalization;
using McpPortal.Clients.OAuth;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.StreamableHttp;

namespace McpPortal.Gateway;

/// <summary>What the registry is told of a session that begins.</summary>
internal static class SessionOpening
{
    public static ClientSession Of(HttpContext context, McpSessionStart start, ThisNode node, DateTimeOffset now)
    {
        var caller = GatewayCaller.Of(context);
        return new ClientSession
        {
            UserId = caller.User,
            AccessKeyId = caller.AccessKeyId,
            GrantId = TokenHolder.Of(context)?.Grant,
            ServiceKeyId = caller.ServiceKeyId,
            OpenedWith = Visible(caller.Client, ClientSession.MaxOpenedWith) ?? "",
            ClientName = Visible(start.ClientName, ClientSession.MaxName),
            ClientVersion = Visible(start.ClientVersion, ClientSession.MaxVersion),
            ProtocolVersion = start.ProtocolVersion,
            Endpoint = McpResource.NameOf(context) is { } name ? $"/mcp/{name}" : "/mcp",
            NodeId = node.Id,
            CreatedAt = now,
            LastActiveAt = now,
        };
    }

    /// <summary>Only what can be seen of a client's words: marks that turn the direction of writing could make a page say something else.</summary>
    private static string? Visible(string? text, int max)
    {
        var visible = new string([.. (text ?? "").Where(c => !char.IsControl(c) && !char.IsSurrogate(c)
            && char.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)).Take(max)]).Trim();
        return visible.Length == 0 ? null : visible;
    }
}
