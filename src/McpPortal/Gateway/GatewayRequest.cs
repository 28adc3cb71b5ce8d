using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.StreamableHttp;
using McpPortal.Toolsets;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Gateway;

/// <summary>What an MCP client asks, who it acts for, and what it can be told meanwhile.</summary>
internal sealed class GatewayRequest(MessageContext context, JsonRpcRequest message, CancellationToken cancelled)
{
    public Caller Caller { get; private init; } = GatewayCaller.Of(context);

    public string Method => message.Method;

    public RequestId Id => message.Id;

    /// <summary>As the client sent them; whoever passes them on may change them.</summary>
    public JsonObject Parameters { get; } = message.Params as JsonObject ?? [];

    /// <summary>Revision 2026-07-28 or later: each request says what the client can do.</summary>
    public bool IsPerRequest { get; } = ProtocolVersions.IsPerRequest(message.Context?.ProtocolVersion);

    /// <summary>The client, on the stream of this request.</summary>
    public McpServer Client => context.Server;

    public Notices Notices { get; } = new(context.Server.SendMessageAsync, cancelled);

    public JsonObject? Meta => Parameters["_meta"] as JsonObject;

    /// <summary>Of the client, whichever way it said so.</summary>
    public JsonObject? Capabilities => field ??= IsPerRequest
        ? Meta?[MetaKeys.ClientCapabilities] as JsonObject
        : JsonSerializer.SerializeToNode(Client.ClientCapabilities, McpJsonUtilities.DefaultOptions) as JsonObject;

    /// <summary>The same request, through a toolset.</summary>
    public GatewayRequest Within(ToolsetSnapshot toolset) => new(context, message, cancelled) { Caller = Caller with { Within = toolset } };

    public string? Text(string name) => Parameters[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Asks the client something on the stream of this request, which only older revisions know.</summary>
    /// <exception cref="McpProtocolException">The client answered with an error.</exception>
    public async Task<JsonNode?> AskClientAsync(string method, JsonNode? parameters, CancellationToken cancellationToken) =>
        (await Client.SendRequestAsync(new JsonRpcRequest { Method = method, Params = parameters?.DeepClone() }, cancellationToken)).Result;

    public Task AnswerAsync(JsonRpcMessage answer, CancellationToken cancellationToken) => message.Context!.RelatedTransport!.SendMessageAsync(answer, cancellationToken);
}
