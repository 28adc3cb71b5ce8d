using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>A request whose answer <see cref="RawTransport"/> hands on as it is.</summary>
/// <param name="logLevel">The lowest level to log on a server of the newest revision; null for no log.</param>
internal sealed class RawRequest(string? logLevel)
{
    private const string Item = "portal.raw";

    public string? LogLevel { get; } = logLevel;

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
