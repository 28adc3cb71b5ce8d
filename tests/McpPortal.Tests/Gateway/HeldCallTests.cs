using System.Text.Json.Nodes;
using McpPortal.Data;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Gateway;

/// <summary>An older server that asks in the middle of a call, and clients of 2026-07-28, which are asked in the answer to their request.</summary>
public sealed class HeldCallTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_of_the_newest_revision_answers_an_older_server_and_its_call_goes_on()
    {
        await using var server = new AskingServer(questions: 2);
        await using var rig = await server.BehindPortalAsync(cluster);
        var asked = new List<string>();
        var handlers = new McpClientHandlers
        {
            ElicitationHandler = (question, _) =>
            {
                asked.Add(question!.Message);
                return ValueTask.FromResult(new ElicitResult
                {
                    Action = "accept",
                    Content = new Dictionary<string, System.Text.Json.JsonElement>(StringComparer.Ordinal) { ["colour"] = System.Text.Json.JsonSerializer.SerializeToElement($"blue {asked.Count}") },
                });
            },
        };

        foreach (var (path, tool) in new[] { ("/mcp/odd", "act"), ("/mcp", "odd__act") })
        {
            asked.Clear();
            await using var client = await rig.ConnectAsync(path, await rig.KeyAsync(server.Ana), version: null, handlers);
            Assert.Equal("2026-07-28", client.NegotiatedProtocolVersion);
            var result = await client.CallToolAsync(tool, cancellationToken: Stop);
            Assert.Equal("blue 1, blue 2", Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text);
            Assert.Equal(["Which 1?", "Which 2?"], asked);
        }

        Assert.Equal(2, server.Calls);
    }

    [Fact]
    public async Task Nobody_else_answers_it()
    {
        await using var server = new AskingServer(questions: 1);
        await using var rig = await server.BehindPortalAsync(cluster);
        var ben = await rig.Calls.AddUserAsync("ben");
        var key = await rig.KeyAsync(server.Ana);
        var question = await AskAsync(rig, key);
        var strangers = new[] { await rig.KeyAsync(ben), await rig.KeyAsync(server.Ana) };

        foreach (var stranger in strangers)
        {
            Assert.Contains("Make the call again", (string?)(await AnswerAsync(rig, stranger, question))["error"]?["message"], StringComparison.Ordinal);
        }

        Assert.Contains("Make the call again", (string?)(await AnswerAsync(rig, key, question, tool: "other"))["error"]?["message"], StringComparison.Ordinal);
        Assert.Equal("green", Text(await AnswerAsync(rig, key, question)));
        Assert.Contains("Make the call again", (string?)(await AnswerAsync(rig, key, question))["error"]?["message"], StringComparison.Ordinal);
        Assert.Equal(1, server.Calls);
    }

    [Fact]
    public async Task A_request_without_the_answer_is_asked_again()
    {
        await using var server = new AskingServer(questions: 1);
        await using var rig = await server.BehindPortalAsync(cluster);
        var key = await rig.KeyAsync(server.Ana);
        var question = await AskAsync(rig, key);

        var again = await SendAsync(rig, key, new JsonObject { ["name"] = "act", ["requestState"] = question["requestState"]!.DeepClone() });

        Assert.True(JsonNode.DeepEquals(question, again["result"]), again.ToJsonString());
        Assert.Equal("green", Text(await AnswerAsync(rig, key, question)));
    }

    [Fact]
    public async Task Whoever_does_not_answer_ends_the_call_and_the_next_one_works()
    {
        await using var server = new AskingServer(questions: 1);
        await using var rig = await server.BehindPortalAsync(cluster, ("Calls:QuestionWait", "00:00:01"));
        var key = await rig.KeyAsync(server.Ana);
        var question = await AskAsync(rig, key);

        await CallRig.UntilAsync(
            async () => await rig.Calls.SqlAsync("select sentence from tool_calls where tool = 'act'") is "Nobody answered what Server odd asked within 1 seconds.", "The call was not given up.");

        Assert.Contains("Make the call again", (string?)(await AnswerAsync(rig, key, question))["error"]?["message"], StringComparison.Ordinal);
        Assert.Equal("green", Text(await AnswerAsync(rig, key, await AskAsync(rig, key))));
    }

    private static async Task<JsonObject> AskAsync(GatewayRig rig, string key)
    {
        var answer = await SendAsync(rig, key, new JsonObject { ["name"] = "act" });
        Assert.Equal("input_required", (string?)answer["result"]?["resultType"]);
        return (JsonObject)answer["result"]!.DeepClone();
    }

    private static Task<JsonObject> AnswerAsync(GatewayRig rig, string key, JsonObject question, string tool = "act")
    {
        var id = ((JsonObject)question["inputRequests"]!).Single().Key;
        return SendAsync(rig, key, new JsonObject
        {
            ["name"] = tool,
            ["requestState"] = question["requestState"]!.DeepClone(),
            ["inputResponses"] = new JsonObject { [id] = new JsonObject { ["action"] = "accept", ["content"] = new JsonObject { ["colour"] = "green" } } },
        });
    }

    private static async Task<JsonObject> SendAsync(GatewayRig rig, string key, JsonObject parameters)
    {
        parameters["_meta"] = new JsonObject { ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject { ["elicitation"] = new JsonObject() } };
        return (await new RawClient(rig.Http, rig.Address("/mcp/odd"), key).AskAsync("tools/call", parameters, Stop))[^1];
    }

    private static string? Text(JsonObject answer) => (string?)answer["result"]?["content"]?[0]?["text"];

    /// <summary>Asks for a colour as often as it is told to in each call, and answers with all of them.</summary>
    private sealed class AskingServer(int questions) : IAsyncDisposable
    {
        private HostileServer? _server;
        private TaskCompletionSource<string>? _replied;
        private int _calls;

        public UserId Ana { get; private set; }

        public int Calls => Volatile.Read(ref _calls);

        public async Task<GatewayRig> BehindPortalAsync(PostgresCluster cluster, params (string Key, string Value)[] settings)
        {
            _server = await HostileServer.StartAsync(async (heard, context) =>
            {
                switch (heard.Method)
                {
                    case "tools/call":
                        Interlocked.Increment(ref _calls);
                        var send = await StreamAsync(context);
                        var answers = new List<string>();
                        for (var number = 1; number <= questions; number++)
                        {
                            _replied = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
                            await send($$"""{"jsonrpc":"2.0","id":"q-{{number}}","method":"elicitation/create","params":{"message":"Which {{number}}?","requestedSchema":{"type":"object","properties":{"colour":{"type":"string"} } } } }""");
                            answers.Add(await _replied.Task.WaitAsync(context.RequestAborted));
                        }

                        await send(HostileServer.Text(heard.Id, string.Join(", ", answers)));
                        return true;
                    case "reply":
                        var reply = JsonNode.Parse(heard.Body)!;
                        _replied!.TrySetResult((string?)reply["result"]?["content"]?["colour"] ?? $"refused with {reply["error"]?["code"]}");
                        return false;
                    default:
                        return false;
                }
            });
            var rig = await GatewayRig.StartAsync(cluster, [("Outbound:AllowedHosts:5", _server.Authority), .. settings]);
            Ana = await rig.Calls.AddUserAsync("ana");
            await rig.Calls.AddServerAsync(Ana, "odd", _server.Url);
            return rig;
        }

        public async ValueTask DisposeAsync()
        {
            if (_server is { } server)
            {
                await server.DisposeAsync();
            }
        }
    }
}
