using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>
/// Notifications to a client about one request of its own: sent in order, without keeping whoever speaks waiting. A client that does not take
/// them, or a server that floods it, loses some instead of filling the portal's memory.
/// </summary>
internal sealed class Notices(Func<JsonRpcNotification, CancellationToken, Task> send, CancellationToken cancelled)
{
    private const int MostWaiting = 1000;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _once = new(StringComparer.Ordinal);
    private Task _sent = Task.CompletedTask;
    private int _waiting;

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

    /// <param name="method">The method of the notification.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="once">What it says, when saying it again adds nothing: it is left out while the same still waits to be sent.</param>
    public void Send(string method, JsonObject parameters, string? once = null)
    {
        lock (_gate)
        {
            if (once is null ? _waiting >= MostWaiting : !_once.Add(once))
            {
                return;
            }

            _waiting++;
            _sent = SendAfterAsync(_sent, new JsonRpcNotification { Method = method, Params = parameters }, once);
        }
    }

    private async Task SendAfterAsync(Task before, JsonRpcNotification notification, string? once)
    {
        await before;
        lock (_gate)
        {
            _waiting--;
            if (once is not null)
            {
                _once.Remove(once);
            }
        }

        try
        {
            await send(notification, cancelled);
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException)
        {
            // The client has left, or has its answer already.
        }
    }
}
