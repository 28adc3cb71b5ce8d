using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Protocol;

public sealed class FuzzTests(PostgresCluster cluster, ITestOutputHelper output)
{
    private static readonly string[] Seeds =
    [
        """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{"url":{}}},"clientInfo":{"name":"f","version":"1"}}}""",
        """{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"cursor":"x","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}""",
        """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"who__whoami","arguments":{"a":[1,2.5,null,true,{"b":"ü\n"}]},"inputResponses":{"io.mcpportal/connect":{"action":"accept"}},"requestState":"s","_meta":{"progressToken":7,"io.modelcontextprotocol/logLevel":"debug","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{"url":{}}}}}}""",
        """{"jsonrpc":"2.0","id":3,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":"yes","resourceSubscriptions":[1,{}]},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}""",
        """{"jsonrpc":"2.0","id":4,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"b"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}""",
        """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"x"}}""",
        """{"jsonrpc":"2.0","id":5,"result":{"roots":[]}}""",
    ];

    private static readonly string[] Pieces = ["{", "}", "[", "]", ",", ":", "\"", "null", "true", "-1", "1e999", "18446744073709551616", "\"\\ud800\"", "{}", "[]", "\"\"", "\\u0000", "\u202e", "__", "\"method\":\"ping\"", "\"id\":null"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MCP_19_Mutated_messages_are_refused_or_answered_and_break_nothing()
    {
        await using var rig = await GatewayRig.StartAsync(cluster, ("Gateway:MaxSessionsPerUser", "50"));
        var (_, key, _) = await rig.PersonAsync("ana");
        var total = SoakSize.Of(3_000, 1_000_000);
        var seed = Random.Shared.Next();
        var statuses = new ConcurrentDictionary<HttpStatusCode, int>();
        var before = 0L;
        var clock = Stopwatch.StartNew();

        await Parallel.ForAsync(0, total, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Stop }, async (i, stop) =>
        {
            if (i == total / 10)
            {
                before = Environment.WorkingSet;
            }

            var random = new Random(seed + i);
            var body = Mutate(random);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(TimeSpan.FromSeconds(20));
            using var request = new HttpRequestMessage(HttpMethod.Post, rig.Address(random.Next(2) == 0 ? "/mcp" : "/mcp/who")) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
            if (random.Next(3) > 0)
            {
                request.Headers.TryAddWithoutValidation("MCP-Protocol-Version", random.Next(8) == 0 ? "1999-01-01" : "2026-07-28");
                request.Headers.TryAddWithoutValidation("Mcp-Method", Text(random, "tools/call", "tools/list", "subscriptions/listen", "completion/complete"));
                request.Headers.TryAddWithoutValidation("Mcp-Name", "who__whoami");
            }

            // The head is enough: a stream that listens has no end.
            using var answer = await rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            statuses.AddOrUpdate(answer.StatusCode, 1, (_, count) => count + 1);
            Assert.True((int)answer.StatusCode is < 500 or 503, $"{(int)answer.StatusCode} to message {i} of seed {seed}: {Encoding.UTF8.GetString(body)}");
        });

        var figure = string.Create(
            CultureInfo.InvariantCulture,
            $"{total:N0} mutated messages in {clock.Elapsed.TotalMinutes:0.0} min (seed {seed}): {string.Join(", ", statuses.OrderBy(s => s.Key).Select(s => $"{(int)s.Key} × {s.Value:N0}"))}; memory {before >> 20} → {Environment.WorkingSet >> 20} MiB");
        output.WriteLine(figure);
        SoakSize.Report("FUZZ", figure);
        Assert.Contains(HttpStatusCode.OK, statuses.Keys);
        Assert.Contains(HttpStatusCode.BadRequest, statuses.Keys);
        await using var client = await rig.ConnectAsync("/mcp/who", key);
        Assert.Equal("mcpportal", client.ServerInfo?.Name);
        if (SoakSize.IsFull)
        {
            Assert.True(Environment.WorkingSet < before * 1.1, figure);
        }
    }

    private static byte[] Mutate(Random random)
    {
        var text = new StringBuilder(Seeds[random.Next(Seeds.Length)]);
        for (var left = random.Next(4); left > 0; left--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(4))
            {
                case 0:
                    text.Remove(at, Math.Min(random.Next(1, 12), text.Length - at));
                    break;
                case 1:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    text.Insert(at, text.ToString(at, Math.Min(random.Next(1, 60), text.Length - at)));
                    break;
                default:
                    text[at] = (char)random.Next(1, 0xD7FF);
                    break;
            }

            if (text.Length == 0)
            {
                text.Append(' ');
            }
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (random.Next(10) == 0)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    private static string Text(Random random, params string[] choices) => choices[random.Next(choices.Length)];
}
