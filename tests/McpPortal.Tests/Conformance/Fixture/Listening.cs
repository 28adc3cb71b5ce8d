using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>The listening streams of the newer revision: each hears of the changes that it asked for, and of no others.</summary>
internal sealed class Listening(FixtureLists lists)
{
    public async ValueTask<EmptyResult> RunAsync(RequestContext<SubscriptionsListenRequestParams> request, CancellationToken cancellationToken)
    {
        var asked = request.Params!.Notifications;
        var changes = Channel.CreateUnbounded<string>();
        EventHandler tools = (_, _) => changes.Writer.TryWrite(NotificationMethods.ToolListChangedNotification);
        EventHandler prompts = (_, _) => changes.Writer.TryWrite(NotificationMethods.PromptListChangedNotification);
        lists.Tools.Changed += asked.ToolsListChanged is true ? tools : null;
        lists.Prompts.Changed += asked.PromptsListChanged is true ? prompts : null;
        try
        {
            var granted = new SubscriptionsListenNotifications { ToolsListChanged = asked.ToolsListChanged, PromptsListChanged = asked.PromptsListChanged };
            var acknowledged = new SubscriptionsAcknowledgedNotificationParams { Notifications = granted };
            await SendAsync(request, NotificationMethods.SubscriptionsAcknowledgedNotification, JsonSerializer.SerializeToNode(acknowledged, McpJsonUtilities.DefaultOptions)!.AsObject(), cancellationToken);
            await foreach (var change in changes.Reader.ReadAllAsync(cancellationToken))
            {
                await SendAsync(request, change, [], cancellationToken);
            }
        }
        finally
        {
            lists.Tools.Changed -= tools;
            lists.Prompts.Changed -= prompts;
        }

        return new EmptyResult();
    }

    private static Task SendAsync(RequestContext<SubscriptionsListenRequestParams> request, string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        parameters["_meta"] = new JsonObject { [MetaKeys.SubscriptionId] = JsonSerializer.SerializeToNode(request.JsonRpcRequest.Id, McpJsonUtilities.DefaultOptions) };
        return request.Server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, cancellationToken);
    }
}
