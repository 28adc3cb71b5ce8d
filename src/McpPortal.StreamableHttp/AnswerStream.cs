using System.Text.Json;
using System.Threading.Channels;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>The way back to a client that waits for an <see cref="McpAnswer"/>: one message after the other, and after the answer none.</summary>
internal sealed class AnswerStream(ResponseBody body, string? session) : ITransport
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _answered;

    public string? SessionId => session;

    public ChannelReader<JsonRpcMessage> MessageReader => throw new NotSupportedException("It only leads back to the client.");

    /// <summary>Lets a request be answered here.</summary>
    /// <param name="answer">Who answers.</param>
    /// <param name="message">The request.</param>
    /// <param name="body">Where the answer goes.</param>
    /// <param name="session">The session it belongs to, if any.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False: the SDK's server shall answer.</returns>
    public static async Task<bool> TryAnswerAsync(McpAnswer answer, JsonRpcRequest message, ResponseBody body, HostedSession? session, CancellationToken cancellationToken)
    {
        await using var stream = new AnswerStream(body, session?.Id);
        await body.FlushAsync(cancellationToken);
        if (await answer(new McpRequest(message, stream, session), cancellationToken) is not { } said)
        {
            return false;
        }

        if (session is null)
        {
            await body.AnswerErrorAsync(said);
        }

        await stream.AnswerAsync(said, cancellationToken);
        return true;
    }

    public Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default) =>
        InTurnAsync(message, static (body, json, stop) => body.WriteEventAsync(json, stop), last: false, cancellationToken);

    /// <summary>Whatever is under way is still said, and nothing after it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        _answered = true;
        _turn.Release();
    }

    private Task AnswerAsync(JsonRpcMessage message, CancellationToken cancellationToken) =>
        InTurnAsync(message, static (body, json, stop) => body.WriteAnswerAsync(json, stop), last: true, cancellationToken);

    private async Task InTurnAsync(JsonRpcMessage message, Func<ResponseBody, ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, bool last, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_answered)
            {
                throw new InvalidOperationException("The request has its answer already.");
            }

            _answered = last;
            await write(body, JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Type), cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }
}
