using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>A request on its way to an <see cref="McpAnswer"/>, and the client that waits: until its answer it hears what is sent here, on the same stream.</summary>
public sealed class McpRequest
{
    private readonly AnswerStream _client;
    private readonly HostedSession? _session;

    internal McpRequest(JsonRpcRequest message, AnswerStream client, HostedSession? session) => (Message, _client, _session) = (message, client, session);

    /// <summary>As the client sent it.</summary>
    public JsonRpcRequest Message { get; }

    /// <summary>The session of an older revision that it belongs to; null for one that stands alone.</summary>
    public string? SessionId => _session?.Id;

    /// <summary>What the client said it can do when its session began; null for a request that stands alone, which says so itself.</summary>
    public ClientCapabilities? SessionCapabilities => _session?.Server.ClientCapabilities;

    /// <summary>Tells the client something.</summary>
    /// <exception cref="InvalidOperationException">It has its answer already.</exception>
    public Task SendAsync(JsonRpcNotification notification, CancellationToken cancellationToken) => _client.SendMessageAsync(notification, cancellationToken);

    /// <summary>Asks the client something, which only the older revisions know.</summary>
    /// <exception cref="InvalidOperationException">The request stands alone, or has been answered.</exception>
    /// <exception cref="McpProtocolException">The client answered with an error.</exception>
    public async Task<JsonNode?> AskAsync(string method, JsonNode? parameters, CancellationToken cancellationToken)
    {
        var session = _session ?? throw new InvalidOperationException("Outside of a session a client cannot be asked.");
        var question = new JsonRpcRequest { Method = method, Params = parameters, Context = new() { RelatedTransport = _client } };
        return (await session.Server.SendRequestAsync(question, cancellationToken)).Result;
    }
}
