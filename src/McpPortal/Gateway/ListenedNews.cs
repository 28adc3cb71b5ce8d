using System.Text.Json.Nodes;
using McpPortal.Data;
using McpPortal.Sessions;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>What a client wants to hear of one server, or of all: the <c>notifications</c> of <c>subscriptions/listen</c> (2026-07-28).</summary>
internal sealed class ListenedNews
{
    private static readonly (string Wish, string Method)[] Lists =
    [
        ("toolsListChanged", NotificationMethods.ToolListChangedNotification),
        ("promptsListChanged", NotificationMethods.PromptListChangedNotification),
        ("resourcesListChanged", NotificationMethods.ResourceListChangedNotification),
    ];

    /// <summary>So many resources one request, or one session of the older revisions, may listen to.</summary>
    public const int MaxResources = 256;

    private const string Resources = "resourceSubscriptions";
    private readonly ServerId? _server;

    private ListenedNews(ServerId? server, JsonObject granted) => (_server, Granted) = (server, granted);

    /// <summary>The part of the wishes that can be fulfilled.</summary>
    public JsonObject Granted { get; }

    /// <summary>Whether the server itself has to be listened to; the portal knows the tools of all.</summary>
    public bool NeedsServer => _server is not null && Granted.Count > 0;

    public static ListenedNews Of(JsonObject? wishes, ServerId? server, ServerCapabilities? capabilities)
    {
        var granted = new JsonObject();
        foreach (var (wish, method) in Lists)
        {
            if (wishes?[wish]?.GetValueKind() == System.Text.Json.JsonValueKind.True && IsOffered(method, capabilities))
            {
                granted[wish] = true;
            }
        }

        if (wishes?[Resources] is JsonArray { Count: > 0 } uris && capabilities?.Resources?.Subscribe == true)
        {
            granted[Resources] = new JsonArray([.. uris.Take(MaxResources).Select(uri => uri?.DeepClone())]);
        }

        return new ListenedNews(server, granted);
    }

    public bool Includes(UpstreamNotice notice)
    {
        if (_server is { } own && notice.Server is { } teller && teller != own)
        {
            return false;
        }

        return notice.Method == NotificationMethods.ResourceUpdatedNotification
            ? notice.Uri is { } uri && Granted[Resources] is JsonArray uris && uris.Any(wanted => wanted is JsonValue value && value.TryGetValue<string>(out var text) && text == uri)
            : Array.Exists(Lists, list => list.Method == notice.Method && Granted.ContainsKey(list.Wish));
    }

    private static bool IsOffered(string method, ServerCapabilities? capabilities) => method switch
    {
        NotificationMethods.PromptListChangedNotification => capabilities?.Prompts?.ListChanged == true,
        NotificationMethods.ResourceListChangedNotification => capabilities?.Resources?.ListChanged == true,
        _ => true,
    };
}
