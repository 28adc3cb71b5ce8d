using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace McpPortal.Tests.Benchmarks;

/// <summary>One MCP client as plain requests, in either era of the protocol, so that measuring itself costs little.</summary>
internal sealed class BenchClient(HttpClient http, BenchTarget target, BenchUser user)
{
    private const string PerRequest = "2026-07-28";
    private const string Client = """{"name":"bench","version":"1"}""";
    private int _id;
    private string? _session;

    public BenchUser User => user;

    /// <summary>Begins a session, where the revision has them.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (target.Version == PerRequest)
        {
            return;
        }

        using var response = await SendAsync(
            HttpMethod.Post, Request("initialize", $$"""{"protocolVersion":"{{target.Version}}","capabilities":{},"clientInfo":{{Client}}}"""), null, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode || !text.Contains($"\"protocolVersion\":\"{target.Version}\"", StringComparison.Ordinal))
        {
            throw new HttpRequestException($"{target.Address} does not begin a session of {target.Version}: {(int)response.StatusCode} {text[..Math.Min(text.Length, 300)]}");
        }

        _session = response.Headers.TryGetValues("Mcp-Session-Id", out var ids) ? ids.First() : null;
        using var initialized = await SendAsync(HttpMethod.Post, """{"jsonrpc":"2.0","method":"notifications/initialized"}""", "notifications/initialized", cancellationToken);
        initialized.EnsureSuccessStatusCode();
    }

    public async Task<BenchAnswer> CallAsync(int call, CancellationToken cancellationToken)
    {
        var meta = target.Version == PerRequest
            ? $$$""","_meta":{"io.modelcontextprotocol/protocolVersion":"{{{PerRequest}}}","io.modelcontextprotocol/clientInfo":{{{Client}}},"io.modelcontextprotocol/clientCapabilities":{}}"""
            : "";
        var body = Request("tools/call", $$"""{"name":"{{target.Tool}}","arguments":{{target.Arguments(user, call)}}{{meta}}}""");
        using var response = await SendAsync(HttpMethod.Post, body, "tools/call", cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? new BenchAnswer(text, response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            : throw new HttpRequestException($"status {(int)response.StatusCode}");
    }

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_session is not null)
        {
            using var _ = await SendAsync(HttpMethod.Delete, null, null, cancellationToken);
        }
    }

    private string Request(string method, string parameters) => string.Create(CultureInfo.InvariantCulture, $$"""{"jsonrpc":"2.0","id":{{++_id}},"method":"{{method}}","params":{{parameters}}}""");

    private async Task<HttpResponseMessage> SendAsync(HttpMethod verb, string? body, string? method, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(verb, target.Address);
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        if (target.Credential(user) is var (name, value))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (_session is not null)
        {
            request.Headers.TryAddWithoutValidation("Mcp-Session-Id", _session);
        }

        if (method is not null)
        {
            request.Headers.TryAddWithoutValidation("MCP-Protocol-Version", target.Version);
        }

        if (target.Version == PerRequest)
        {
            request.Headers.TryAddWithoutValidation("Mcp-Method", method);
            request.Headers.TryAddWithoutValidation("Mcp-Name", target.Tool);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }

        return await http.SendAsync(request, cancellationToken);
    }
}
