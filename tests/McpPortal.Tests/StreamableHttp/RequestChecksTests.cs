using System.Net;
using System.Text;
using McpPortal.StreamableHttp;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.StreamableHttp;

public sealed class RequestChecksTests
{
    private const string Meta = """
        "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}
        """;

    private static readonly (string, string) New = ("MCP-Protocol-Version", "2026-07-28");

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","method":"tools/call"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\u0061me":"b"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":[{"x":{"k":1,"k":1}}]}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\ud800"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":NaN}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"x",}""")]
    [InlineData("\uFEFF{}")]
    [InlineData("")]
    [InlineData("{")]
    public async Task A_body_that_two_readers_could_read_differently_is_refused(string body)
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(-32700, await CodeAsync(response));
        Assert.Empty(host.Sessions.List());
    }

    [Theory]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"initialize"}""")]
    [InlineData("""{"id":1,"method":"initialize"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"initialize"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":[1],"method":"initialize"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"initialize"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1e999,"method":"initialize"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"initialize"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":5}""")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"initialize"}]""")]
    [InlineData("null")]
    [InlineData("{}")]
    public async Task Valid_json_that_is_no_message_is_refused(string body)
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(-32600, await CodeAsync(response));
        Assert.Empty(host.Sessions.List());
    }

    [Fact]
    public async Task Nesting_beyond_the_limit_is_refused()
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync("""{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":""" + new string('[', 100) + new string(']', 100) + "}}");

        Assert.Equal(-32700, await CodeAsync(response));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_the_limit_is_refused(bool chunked)
    {
        await using var host = await StartAsync(maxBytes: 1000);
        using var request = new HttpRequestMessage(HttpMethod.Post, host.Endpoint) { Content = new StringContent(new string(' ', 5000), Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");

        using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public void Many_keys_are_scanned_in_time_that_grows_with_their_number()
    {
        var json = new StringBuilder("[{");
        for (var i = 0; i < 200_000; i++)
        {
            json.Append('"').Append(i).Append("\":1,");
        }

        json.Append("\"x\":1}");
        for (var i = 0; i < 200_000; i++)
        {
            json.Append(",{\"a\":1}");
        }

        json.Append(']');
        var watch = System.Diagnostics.Stopwatch.StartNew();

        Assert.Null(JsonScan.Check(Encoding.UTF8.GetBytes(json.ToString()), 64));

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("http://evil.test")]
    [InlineData("null")]
    [InlineData("https://127.0.0.1")]
    [InlineData("http://127.0.0.1.evil.test")]
    public async Task A_foreign_origin_is_refused(string origin)
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync(McpTestHost.Initialize, ("Origin", origin));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        await McpTestHost.ErrorOfAsync(response);
        Assert.Empty(host.Sessions.List());
    }

    [Theory]
    [InlineData("evil.test")]
    [InlineData("127.0.0.1.evil.test")]
    [InlineData("localhost.evil.test:5080")]
    public async Task A_rebound_host_is_refused(string name)
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync(McpTestHost.Initialize, ("Host", name));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task The_own_origin_is_accepted_and_so_is_a_listed_one()
    {
        await using var host = await StartAsync(origin: OriginRules.Only(["127.0.0.1"], ["https://app.test"]));

        using var own = await host.PostAsync(McpTestHost.Initialize, ("Origin", host.Endpoint.GetLeftPart(UriPartial.Authority)));
        using var listed = await host.PostAsync(McpTestHost.Initialize, ("Origin", "https://app.test"));
        using var other = await host.PostAsync(McpTestHost.Initialize, ("Origin", "https://app.test:444"));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden], [own.StatusCode, listed.StatusCode, other.StatusCode]);
    }

    [Theory]
    [InlineData("Accept", "application/json", HttpStatusCode.NotAcceptable)]
    [InlineData("Accept", "text/event-stream", HttpStatusCode.NotAcceptable)]
    [InlineData("Accept", "application/json, text/event-stream;q=0", HttpStatusCode.NotAcceptable)]
    [InlineData("Accept", "*/*", HttpStatusCode.OK)]
    [InlineData("Accept", "application/json;q=0.9, text/event-stream;q=0.8", HttpStatusCode.OK)]
    [InlineData("MCP-Protocol-Version", "1999-01-01", HttpStatusCode.BadRequest)]
    [InlineData("MCP-Protocol-Version", "2025-11-25", HttpStatusCode.OK)]
    public async Task Headers_are_checked(string name, string value, HttpStatusCode expected)
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync(McpTestHost.Initialize, (name, value));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task An_unknown_version_names_the_known_ones_and_echoes_the_id()
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync(McpTestHost.Initialize, ("MCP-Protocol-Version", "2099-01-01"));

        var error = await McpTestHost.ErrorOfAsync(response);
        Assert.Equal(1, (int)error["id"]!);
        Assert.Equal(-32022, (int)error["error"]!["code"]!);
        Assert.Contains("2026-07-28", error["error"]!["data"]!["supported"]!.AsArray().Select(v => (string)v!));
        Assert.Equal("2099-01-01", (string)error["error"]!["data"]!["requested"]!);
    }

    [Fact]
    public async Task Without_a_session_an_unknown_version_is_told_what_discovery_tells()
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync("""{"jsonrpc":"2.0","id":1,"method":"server/discover"}""", ("MCP-Protocol-Version", "2099-01-01"));

        var supported = (await McpTestHost.ErrorOfAsync(response))["error"]!["data"]!["supported"]!.AsArray();
        Assert.Equal("2026-07-28", (string)Assert.Single(supported)!);
    }

    [Fact]
    public async Task Other_content_is_415()
    {
        await using var host = await StartAsync();
        using var content = new StringContent(McpTestHost.Initialize, Encoding.UTF8, "text/plain");
        using var request = new HttpRequestMessage(HttpMethod.Post, host.Endpoint) { Content = content };
        request.Headers.TryAddWithoutValidation("Accept", "*/*");

        using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task A_good_per_request_call_is_answered()
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync(Call("""{"region":"eu","size":7}"""), New, ("Mcp-Method", "tools/call"), ("Mcp-Name", "store"), ("Mcp-Param-Region", "eu"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.False(response.Headers.Contains("Mcp-Session-Id"));
        Assert.Contains("stored in eu", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Mcp-Method", "tools/list")]
    [InlineData("Mcp-Method", "")]
    [InlineData("Mcp-Name", "other")]
    [InlineData("Mcp-Name", "=?base64?%%?=")]
    [InlineData("Mcp-Param-Region", "us")]
    [InlineData("Mcp-Param-Region", null)]
    [InlineData("MCP-Protocol-Version", null)]
    public async Task A_header_that_differs_from_the_body_is_refused(string name, string? value)
    {
        await using var host = await StartAsync();
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["MCP-Protocol-Version"] = "2026-07-28",
            ["Mcp-Method"] = "tools/call",
            ["Mcp-Name"] = "=?base64?" + Convert.ToBase64String("store"u8) + "?=",
            ["Mcp-Param-Region"] = "eu",
        };
        headers.Remove(name);
        if (value is not null)
        {
            headers[name] = value;
        }

        using var response = await host.PostAsync(Call("""{"region":"eu","size":7}"""), [.. headers.Select(h => (h.Key, h.Value))]);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(-32020, await CodeAsync(response));
    }

    [Theory]
    [InlineData("""{}""", -32602)]
    [InlineData("""{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}""", -32602)]
    [InlineData("""{"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25","io.modelcontextprotocol/clientCapabilities":{}}}""", -32020)]
    public async Task Missing_metadata_is_refused(string parameters, int code)
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync($$"""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{parameters}} }""", New, ("Mcp-Method", "tools/list"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(code, await CodeAsync(response));
    }

    [Theory]
    [InlineData("initialize")]
    [InlineData("ping")]
    [InlineData("logging/setLevel")]
    [InlineData("resources/subscribe")]
    [InlineData("no/such")]
    public async Task Methods_that_are_not_there_are_404_as_json(string method)
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync("""{"jsonrpc":"2.0","id":9,"method":""" + $"\"{method}\"" + ",\"params\":{" + Meta + "}}", New, ("Mcp-Method", method));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        var error = await McpTestHost.ErrorOfAsync(response);
        Assert.Equal(-32601, (int)error["error"]!["code"]!);
        Assert.Equal(9, (int)error["id"]!);
    }

    [Fact]
    public async Task Get_and_delete_belong_to_the_older_revisions()
    {
        await using var host = await StartAsync();

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            using var response = await host.SendAsync(method, "ana", null, New);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
            Assert.Equal(["POST"], response.Content.Headers.Allow);
        }
    }

    [Fact]
    public async Task A_server_the_user_may_not_see_is_404_in_both_eras()
    {
        await using var host = await McpTestHost.StartAsync(_ => null);

        using var session = await host.PostAsync(McpTestHost.Initialize);
        using var call = await host.PostAsync("""{"jsonrpc":"2.0","id":9,"method":"tools/list","params":{""" + Meta + "}}", New, ("Mcp-Method", "tools/list"));

        Assert.Equal(HttpStatusCode.NotFound, session.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, call.StatusCode);
    }

    [Fact]
    public async Task A_failure_while_choosing_the_server_tells_nothing_of_its_cause()
    {
        await using var host = await McpTestHost.StartAsync(_ => throw new InvalidOperationException("database password 123"));

        using var response = await host.PostAsync(McpTestHost.Initialize);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.DoesNotContain("123", (await McpTestHost.ErrorOfAsync(response)).ToJsonString(), StringComparison.Ordinal);
    }

    private static string Call(string arguments) =>
        """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"store","arguments":""" + arguments + "," + Meta + "}}";

    private static async Task<int> CodeAsync(HttpResponseMessage response) => (int)(await McpTestHost.ErrorOfAsync(response))["error"]!["code"]!;

    [McpServerTool(Name = "store")]
    private static string Store([McpHeader("Region")] string region, int size) => $"stored in {region}: {size}";

    private static Task<McpTestHost> StartAsync(Func<Microsoft.AspNetCore.Http.HttpContext, bool>? origin = null, int maxBytes = 4 * 1024 * 1024) =>
        McpTestHost.StartAsync(_ => McpTestHost.Server(Store), origin: origin, maxBytes: maxBytes);
}
