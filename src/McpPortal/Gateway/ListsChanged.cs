using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>The notifications that lists changed.</summary>
internal static class ListsChanged
{
    /// <summary>Ends the address of the endpoint for all servers, and stands there once: a server may be called so too.</summary>
    private const string Everything = "/mcp";

    private static readonly string[] OfTools = [NotificationMethods.ToolListChangedNotification];

    public static IReadOnlyList<string> All { get; } = [.. OfTools, NotificationMethods.PromptListChangedNotification, NotificationMethods.ResourceListChangedNotification];

    /// <summary>Which of them a session may be told where the portal itself knows of the change: a client of one server, or of a toolset, need not have been offered more than tools.</summary>
    /// <param name="path">The address of the session.</param>
    public static IReadOnlyList<string> ToldAt(string path) => path.IndexOf(Everything, StringComparison.OrdinalIgnoreCase) == path.Length - Everything.Length ? All : OfTools;
}
