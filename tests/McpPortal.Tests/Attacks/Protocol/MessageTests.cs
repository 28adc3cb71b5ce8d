using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Protocol;

/// <summary>Bodies that are no message, and messages that say one thing in their headers and another in their body.</summary>
public sealed class MessageTests(PostgresCluster cluster)
{
    private const string Begin = "\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"f\",\"version\":\"1\"}}";

    private static readonly (string Body, int Code)[] Malformed =
    [
        ("", -32700), ("{", -32700), ("nul", -32700), ("\uFEFF" + ProtocolRig.Initialize, -32700), (ProtocolRig.Initialize + "x", -32700), (ProtocolRig.Initialize + ProtocolRig.Initialize, -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":\"\\ud800\"," + Begin + "}", -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":NaN," + Begin + "}", -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2," + Begin + "}", -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"x\":" + new string('[', 100) + new string(']', 100) + "," + Begin + "}", -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,/* no */" + Begin + "}", -32700),
        ("null", -32600), ("7", -32600), ("\"initialize\"", -32600), ("{}", -32600),
        ("{\"id\":1," + Begin + "}", -32600),
        ("{\"jsonrpc\":\"1.0\",\"id\":1," + Begin + "}", -32600),
        ("{\"jsonrpc\":2.0,\"id\":1," + Begin + "}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":null," + Begin + "}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":{}," + Begin + "}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":[1]," + Begin + "}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":true," + Begin + "}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1.5," + Begin + "}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1e999," + Begin + "}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999," + Begin + "}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + new string('m', 1 << 20) + "\"}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":[]}", -32602),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":7}}", -32602),
    ];

    [Fact]
    public async Task MCP_6_What_is_no_message_is_refused_and_begins_no_session()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster);
        foreach (var (body, code) in Malformed)
        {
            var answer = await rig.PostAsync(body);
            Assert.True(answer.Status == HttpStatusCode.BadRequest && answer.Code == code, $"{answer.Status} {answer.Body} to {body[..Math.Min(body.Length, 100)]}");
            Assert.Null(answer.Session);
        }

        // Bytes that are no UTF-8; and an id as long as a number can be, which is a good one.
        Assert.Equal(-32700, (await rig.SendAsync(HttpMethod.Post, rig.Gateway.Address("/mcp"), [.. "{\"jsonrpc\":\"2.0\",\"id\":\""u8, 0xC3, 0x28, .. "\"}"u8])).Code);
        Assert.Empty(rig.Sessions);
        Assert.Equal(HttpStatusCode.OK, (await rig.PostAsync("{\"jsonrpc\":\"2.0\",\"id\":1152921504606846976," + Begin + "}")).Status);
        Assert.Single(rig.Sessions);
    }

    [Fact]
    public async Task MCP_7_Several_messages_at_once_are_one_error()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster);
        var call = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"who__whoami\",\"arguments\":{}}}";
        var before = await rig.UpstreamAsync();
        var session = await rig.BeginAsync();
        foreach (var body in (string[])["[]", $"[{call}]", $"[{ProtocolRig.Initialize},{call}]", $"[{string.Join(',', Enumerable.Repeat(call, 10_000))}]", "[[]]"])
        {
            foreach (var headers in ((string, string)[][])[[], [("Mcp-Session-Id", session)], [("MCP-Protocol-Version", ProtocolRig.Newer), ("Mcp-Method", "tools/call"), ("Mcp-Name", "who__whoami")]])
            {
                var answer = await rig.PostAsync(body, headers);
                Assert.Equal((HttpStatusCode.BadRequest, -32600), (answer.Status, answer.Code));
                Assert.IsType<JsonObject>(JsonNode.Parse(answer.Body));
            }
        }

        Assert.Equal(before, await rig.UpstreamAsync());
        Assert.Single(rig.Sessions);
    }

    [Fact]
    public async Task MCP_10_Headers_that_contradict_the_message_are_refused_before_anything_happens()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster);
        var before = await rig.UpstreamAsync();
        var body = "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/call\",\"params\":{\"name\":\"who__whoami\",\"arguments\":{}," + ProtocolRig.Meta + "}}";
        (string Name, string Value)[] good = [("MCP-Protocol-Version", ProtocolRig.Newer), ("Mcp-Method", "tools/call"), ("Mcp-Name", "who__whoami")];
        (int Code, string Name, string[] Values)[] cases =
        [
            (-32022, "MCP-Protocol-Version", ["1999-01-01"]),
            (-32022, "MCP-Protocol-Version", [ProtocolRig.Newer, ProtocolRig.Newer]),
            (-32020, "MCP-Protocol-Version", [ProtocolRig.Older]),
            (-32020, "MCP-Protocol-Version", []),
            (-32020, "Mcp-Method", ["tools/list"]),
            (-32020, "Mcp-Method", ["tools/call", "tools/list"]),
            (-32020, "Mcp-Method", []),
            (-32020, "Mcp-Name", ["who__echo"]),
            (-32020, "Mcp-Name", []),
        ];
        foreach (var (code, name, values) in cases)
        {
            var answer = await rig.PostAsync(body, [.. good.Where(header => header.Name != name), .. values.Select(value => (name, value))]);
            Assert.True(answer.Status == HttpStatusCode.BadRequest && answer.Code == code, $"{answer.Status} {answer.Body} to {name} {string.Join(" and ", values)}");
            Assert.Equal(9, (int)JsonNode.Parse(answer.Body)!["id"]!);
        }

        Assert.Equal(before, await rig.UpstreamAsync());
        Assert.Equal(HttpStatusCode.OK, (await rig.PostAsync(body, good)).Status);
        Assert.Equal(before + 1, await rig.UpstreamAsync());
        Assert.Empty(rig.Sessions);
    }
}
