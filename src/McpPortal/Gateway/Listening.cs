using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Sessions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary><c>subscriptions/listen</c> (2026-07-28): a request that stays open and says what changes.</summary>
internal sealed class Listening(UpstreamCallService calls, UpstreamNews news)
{
    private const string Acknowledged = "notifications/subscriptions/acknowledged";
    private const int MaxPerUser = 32;
    private readonly ConcurrentDictionary<UserId, int> _open = new();

    /// <summary>Tells until the client has gone, or may not use the server any more.</summary>
    public async Task<JsonRpcMessageWithId> UntilGoneAsync(GatewayRequest request, string? slug, ListenedNews wanted, CancellationToken cancellationToken)
    {
        var user = request.Caller.User;
        try
        {
            if (_open.AddOrUpdate(user, 1, (_, count) => count + 1) > MaxPerUser)
            {
                return GatewayAnswers.Error(request, (int)McpErrorCode.InvalidRequest, $"{MaxPerUser} of your clients' requests listen already. Close some first.");
            }

            await TellAsync(request, slug, wanted, cancellationToken);
        }
        finally
        {
            _open.AddOrUpdate(user, 0, (_, count) => count - 1);
        }

        cancellationToken.ThrowIfCancellationRequested();
        await request.Notices.Sent;
        return GatewayAnswers.Result(request, []);
    }

    private async Task TellAsync(GatewayRequest request, string? slug, ListenedNews wanted, CancellationToken cancellationToken)
    {
        request.Notices.Send(Acknowledged, Marked(request, new JsonObject { ["notifications"] = wanted.Granted.DeepClone() }));
        using (news.Subscribe(request.Caller.User, notice =>
        {
            if (wanted.Includes(notice))
            {
                request.Notices.Send(notice.Method, Marked(request, notice.Uri is { } uri ? new JsonObject { ["uri"] = uri } : []), once: $"{notice.Method} {notice.Uri}");
            }
        }))
        {
            if (slug is not null && wanted.NeedsServer)
            {
                await calls.ListenAsync(request.Caller, slug, wanted.Granted, cancellationToken);
            }
            else
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        }
    }

    /// <summary>Clients tell their streams apart by the id of the request that began them.</summary>
    private static JsonObject Marked(GatewayRequest request, JsonObject parameters)
    {
        parameters["_meta"] = new JsonObject { [MetaKeys.SubscriptionId] = request.Id.Id is long number ? number : request.Id.ToString() };
        return parameters;
    }
}
