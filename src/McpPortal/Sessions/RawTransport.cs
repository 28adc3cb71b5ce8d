using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>
/// Lies under the SDK's client and hands on what a server says as it is. The client makes exceptions of errors, answers questions itself
/// and reads notifications in any order; here errors and questions are answers like others, and notifications are heard before the answer
/// that follows them.
/// </summary>
internal sealed class RawTransport(IClientTransport inner) : IClientTransport
{
    /// <summary>What was asked and has no answer yet; null is a request of the SDK's own.</summary>
    private readonly ConcurrentDictionary<RequestId, RawRequest?> _asked = new();
    private volatile ITransport? _back;

    public string Name => inner.Name;

    /// <summary>Called for each notification; must be quick.</summary>
    public Action<JsonRpcNotification>? Heard { get; set; }

    /// <summary>Who answers what an older server asks its client; nobody leaves it to the SDK, which refuses.</summary>
    public Func<JsonRpcRequest, UpstreamWishes?>? WhoIsAsked { get; set; }

    public async Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default)
    {
        var connection = new Connection(await inner.ConnectAsync(cancellationToken), this);
        _back = connection;
        return connection;
    }

    /// <summary>Takes what the server says on another connection of the same session, which the SDK's client knows nothing of.</summary>
    public void Take(JsonRpcMessage message)
    {
        if (message is JsonRpcNotification or JsonRpcRequest && _back is { } back && Pass(message, back) is JsonRpcRequest question)
        {
            _ = AnswerAsync(question, static (method, _) => Task.FromResult(Unasked(method)), back);
        }
    }

    /// <summary>Whoever asked no longer waits.</summary>
    public void Forget(RawRequest request)
    {
        if (request.Id is { } id)
        {
            _asked.TryRemove(id, out _);
        }
    }

    /// <returns>What the SDK's client shall see; null for nothing.</returns>
    private JsonRpcMessage? Pass(JsonRpcMessage message, ITransport back)
    {
        switch (message)
        {
            case JsonRpcRequest question when WhoIsAsked?.Invoke(question) is { Ask: { } ask }:
                _ = AnswerAsync(question, ask, back);
                return null;
            case JsonRpcNotification notification:
                Heard?.Invoke(notification);
                return message;
            case JsonRpcResponse or JsonRpcError:
                return Answered((JsonRpcMessageWithId)message);
            default:
                return message;
        }
    }

    private JsonRpcMessageWithId? Answered(JsonRpcMessageWithId answer)
    {
        if (!_asked.TryRemove(answer.Id, out var request))
        {
            // Nobody asked. The SDK takes messages in any order, so the next request could wait under this id before the SDK has read it.
            return null;
        }

        if (request is null)
        {
            return answer;
        }

        request.Answer = answer is JsonRpcError error ? new UpstreamAnswer(null, error.Error) : new UpstreamAnswer(((JsonRpcResponse)answer).Result, null);
        return new JsonRpcResponse { Id = answer.Id, Result = new JsonObject() };
    }

    /// <summary>What is answered when nobody is there to ask.</summary>
    private static UpstreamAnswer Unasked(string method) => method == RequestMethods.Ping
        ? new UpstreamAnswer(new JsonObject(), null)
        : new UpstreamAnswer(null, new JsonRpcErrorDetail { Code = (int)McpErrorCode.MethodNotFound, Message = "Nobody can answer this now." });

    private static async Task AnswerAsync(JsonRpcRequest question, Func<string, JsonNode?, Task<UpstreamAnswer>> ask, ITransport back)
    {
        try
        {
            var answer = await ask(question.Method, question.Params);
            await back.SendMessageAsync(answer.Error is { } error ? new JsonRpcError { Id = question.Id, Error = error } : new JsonRpcResponse { Id = question.Id, Result = answer.Result ?? new JsonObject() });
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException or InvalidOperationException)
        {
            // The call it belonged to is over, or the server is gone.
        }
    }

    private sealed class Connection(ITransport inner, RawTransport transport) : ITransport
    {
        public string? SessionId => inner.SessionId;

        public ChannelReader<JsonRpcMessage> MessageReader { get; } = new Reader(inner.MessageReader, inner, transport);

        public Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
        {
            if (message is JsonRpcRequest request)
            {
                var asked = RawRequest.Of(request);
                transport._asked[request.Id] = asked;
                asked?.Id = request.Id;
                if (asked is { IsPerRequest: true } && (request.Params as JsonObject)?["_meta"] is JsonObject meta)
                {
                    // The client writes its own here, which are those for older servers.
                    meta[MetaKeys.ClientCapabilities] = asked.Capabilities?.DeepClone() ?? new JsonObject();
                    if (asked.LogLevel is { } level)
                    {
                        meta[MetaKeys.LogLevel] = level;
                    }
                }
            }

            return inner.SendMessageAsync(message, cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Reader(ChannelReader<JsonRpcMessage> inner, ITransport back, RawTransport transport) : ChannelReader<JsonRpcMessage>
    {
        public override Task Completion => inner.Completion;

        public override bool TryRead([MaybeNullWhen(false)] out JsonRpcMessage item)
        {
            while (inner.TryRead(out var message))
            {
                if (transport.Pass(message, back) is { } passed)
                {
                    item = passed;
                    return true;
                }
            }

            item = null;
            return false;
        }

        public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => inner.WaitToReadAsync(cancellationToken);
    }
}
