using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.StreamableHttp;
using McpPortal.Toolsets;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>What an MCP client asks, who it acts for, and what it can be told meanwhile.</summary>
internal sealed class GatewayRequest(McpRequest asked, CancellationToken cancelled)
{
    public Caller Caller { get; private init; } = GatewayCaller.Of(asked.Message);

    public string Method => asked.Message.Method;

    public RequestId Id => asked.Message.Id;

    /// <summary>As the client sent them; whoever passes them on may change them.</summary>
    public JsonObject Parameters { get; } = asked.Message.Params as JsonObject ?? [];

    /// <summary>Revision 2026-07-28 or later: each request says what the client can do.</summary>
    public bool IsPerRequest { get; } = ProtocolVersions.IsPerRequest(asked.Message.Context?.ProtocolVersion);

    /// <summary>The session of an older revision; null for a request that stands alone.</summary>
    public string? SessionId => asked.SessionId;

    public Notices Notices { get; } = new(asked.SendAsync, cancelled);

    public JsonObject? Meta => Parameters["_meta"] as JsonObject;

    /// <summary>Of the client, whichever way it said so.</summary>
    public JsonObject? Capabilities => field ??= IsPerRequest
        ? Meta?[MetaKeys.ClientCapabilities] as JsonObject
        : JsonSerializer.SerializeToNode(asked.SessionCapabilities, McpJsonUtilities.DefaultOptions) as JsonObject;

    /// <summary>The same request, through a toolset.</summary>
    public GatewayRequest Within(ToolsetSnapshot toolset) => new(asked, cancelled) { Caller = Caller with { Within = toolset } };

    public string? Text(string name) => Parameters[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Asks the client something on the stream of this request, which only older revisions know.</summary>
    /// <exception cref="McpProtocolException">The client answered with an error.</exception>
    public Task<JsonNode?> AskClientAsync(string method, JsonNode? parameters, CancellationToken cancellationToken) => asked.AskAsync(method, parameters?.DeepClone(), cancellationToken);
}
