using System.Net;
using System.Net.Http.Headers;
using System.Text;
using McpPortal.Data;
using McpPortal.Gateway;
using McpPortal.StreamableHttp;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Protocol;

/// <summary>A portal, ana with a key and a secret for <c>who</c>, and requests of hers as a test writes them.</summary>
internal sealed class ProtocolRig(GatewayRig gateway, UserId ana, string key, string hash) : IAsyncDisposable
{
    public const string Older = "2025-11-25";
    public const string Newer = "2026-07-28";
    public const string Initialize = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}""";
    public const string List = """{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}""";
    public const string Meta = """
        "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}
        """;

    public GatewayRig Gateway { get; } = gateway;

    public UserId Ana { get; } = ana;

    public string Key { get; } = key;

    public string Hash { get; } = hash;

    public IReadOnlyList<McpSessionInfo> Sessions => Gateway.Calls.Get<GatewaySessions>().Table.List();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<ProtocolRig> StartAsync(PostgresCluster cluster, params (string Key, string Value)[] settings)
    {
        var gateway = await GatewayRig.StartAsync(cluster, settings);
        var (ana, key, hash) = await gateway.PersonAsync("ana");
        return new ProtocolRig(gateway, ana, key, hash);
    }

    /// <summary>Requests that reached the server behind the portal.</summary>
    public async Task<long> UpstreamAsync() => (await Gateway.Calls.Sandbox.StatsAsync()).Servers.GetValueOrDefault("whoami")?.GetValueOrDefault("calls") ?? 0;

    public Task<Answer> PostAsync(string body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, Gateway.Address("/mcp"), Encoding.UTF8.GetBytes(body), headers);

    /// <param name="method">The verb.</param>
    /// <param name="address">The endpoint, on any node.</param>
    /// <param name="body">The body, or null.</param>
    /// <param name="headers">What is sent beside the usual; an empty value leaves a usual one out.</param>
    public async Task<Answer> SendAsync(HttpMethod method, Uri address, byte[]? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Key}");
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach (var group in headers.GroupBy(header => header.Name, StringComparer.Ordinal))
        {
            HttpHeaders all = group.Key.StartsWith("Content-", StringComparison.Ordinal) ? request.Content!.Headers : request.Headers;
            all.Remove(group.Key);
            foreach (var (name, value) in group.Where(header => header.Value.Length > 0))
            {
                all.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await Gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        return new Answer(
            response.StatusCode,
            response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == "text/event-stream" && method == HttpMethod.Get ? "" : await response.Content.ReadAsStringAsync(Stop),
            response.Headers.TryGetValues("Mcp-Session-Id", out var ids) ? ids.Single() : null,
            response.Headers.RetryAfter is not null);
    }

    /// <summary>A session of ana's.</summary>
    public async Task<string> BeginAsync(string path = "/mcp")
    {
        var answer = await SendAsync(HttpMethod.Post, Gateway.Address(path), Encoding.UTF8.GetBytes(Initialize));
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Session!;
    }

    /// <summary>The head of a POST to <c>/mcp</c> as text, up to what says how long the body is.</summary>
    public string Head(params string[] more) =>
        $"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{Gateway.Address("/").Port}\r\nAuthorization: Bearer {Key}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
        + string.Concat(more.Select(line => line + "\r\n"));

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();

    /// <summary>What came back.</summary>
    internal sealed record Answer(HttpStatusCode Status, string Body, string? Session, bool RetryAfter)
    {
        /// <summary>The code of the one JSON-RPC error that the body is.</summary>
        public int Code => (int)System.Text.Json.Nodes.JsonNode.Parse(Body)!["error"]!["code"]!;
    }
}
