using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>A request whose answer <see cref="RawTransport"/> hands on as it is.</summary>
/// <param name="isPerRequest">The server is told with the request what whoever asks can do, and wants to have logged (2026-07-28).</param>
/// <param name="wishes">Whose request it is.</param>
internal sealed class RawRequest(bool isPerRequest, UpstreamWishes wishes)
{
    private const string Item = "portal.raw";

    public bool IsPerRequest { get; } = isPerRequest;

    public JsonObject? Capabilities => wishes.Capabilities;

    public string? LogLevel => wishes.LogLevel;

    /// <summary>Given by the client when it sends.</summary>
    public RequestId? Id { get; set; }

    public UpstreamAnswer? Answer { get; set; }

    public static RawRequest? Of(JsonRpcRequest request) => request.Context?.Items?.TryGetValue(Item, out var raw) == true ? (RawRequest?)raw : null;

    public JsonRpcRequest Message(string method, JsonObject parameters) => new()
    {
        Method = method,
        Params = parameters,
        Context = new JsonRpcMessageContext { Items = new Dictionary<string, object?>(StringComparer.Ordinal) { [Item] = this } },
    };
}
