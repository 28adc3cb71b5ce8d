using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Gateway;

/// <summary>Notifications to a client about one request of its own: sent in order, without keeping whoever speaks waiting.</summary>
internal sealed class Notices(McpServer client, CancellationToken cancelled)
{
    private readonly Lock _gate = new();
    private Task _sent = Task.CompletedTask;

    /// <summary>Completes when everything said so far is sent.</summary>
    public Task Sent
    {
        get
        {
            lock (_gate)
            {
                return _sent;
            }
        }
    }

    public void Send(string method, JsonObject parameters)
    {
        lock (_gate)
        {
            _sent = SendAfterAsync(_sent, new JsonRpcNotification { Method = method, Params = parameters });
        }
    }

    private async Task SendAfterAsync(Task before, JsonRpcNotification notification)
    {
        await before;
        try
        {
            await client.SendMessageAsync(notification, cancelled);
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException)
        {
            // The client has left, or has its answer already.
        }
    }
}
