using System.Globalization;
using System.Net;
using System.Text;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Protocol;

/// <summary>Requests that are too large, too slow, packed, never read, or of two lengths.</summary>
public sealed class TransportTests(PostgresCluster cluster)
{
    private const int Limit = 4 * 1024 * 1024;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MCP_4_A_body_that_is_too_large_or_packed_is_refused_before_it_is_taken_in()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster);
        var largest = Encoding.UTF8.GetBytes(ProtocolRig.Initialize + new string(' ', Limit - ProtocolRig.Initialize.Length));
        Assert.Equal(HttpStatusCode.OK, (await rig.SendAsync(HttpMethod.Post, rig.Gateway.Address("/mcp"), largest)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await rig.SendAsync(HttpMethod.Post, rig.Gateway.Address("/mcp"), [.. largest, (byte)' '])).Status);

        // A length alone is enough; nothing of the body is waited for.
        using (var announced = await RawSocket.ConnectAsync(rig.Gateway.Address("/")))
        {
            await announced.SendAsync(rig.Head("Content-Length: 104857600") + "\r\n");
            Assert.StartsWith("HTTP/1.1 413 ", await announced.ReadAsync(), StringComparison.Ordinal);
        }

        // Without one it ends where the limit is, of a hundred megabytes.
        using (var endless = await RawSocket.ConnectAsync(rig.Gateway.Address("/")))
        {
            await endless.SendAsync(rig.Head("Transfer-Encoding: chunked") + "\r\n");
            var chunk = $"10000\r\n{new string(' ', 0x10000)}\r\n";
            var sent = 0;
            while (sent < 1600 && !endless.HasAnswer && await endless.SendAsync(chunk))
            {
                sent++;
            }

            // What the kernel holds between the two comes on top of the limit.
            Assert.InRange(sent, Limit / 0x10000, 400);
            Assert.StartsWith("HTTP/1.1 413 ", await endless.ReadAsync(), StringComparison.Ordinal);
        }

        foreach (var encoding in (string[])["gzip", "br", "deflate", "zstd", "identity, gzip", "x"])
        {
            // Twenty bytes that could be gigabytes.
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await rig.SendAsync(HttpMethod.Post, rig.Gateway.Address("/mcp"), new byte[20], ("Content-Encoding", encoding))).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await rig.SendAsync(HttpMethod.Post, rig.Gateway.Address("/mcp"), Encoding.UTF8.GetBytes(ProtocolRig.Initialize), ("Content-Encoding", "identity"))).Status);
    }

    [Fact]
    public async Task MCP_5_Whoever_sends_or_reads_too_slowly_is_hung_up_on_and_holds_nobody_up()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster, ("Portal:HeadersTimeout", "00:00:04"), ("Gateway:ReadTimeout", "00:00:04"), ("Gateway:TakeTimeout", "00:00:04"), ("Gateway:MaxRequestsPerUser", "2"));
        var (_, bens, hash) = await rig.Gateway.PersonAsync("ben");
        await using var ben = await rig.Gateway.ConnectAsync("/mcp/who", bens, ProtocolRig.Newer);

        // What is slow the first time would outlast the others' patience.
        Assert.Equal(HttpStatusCode.OK, (await rig.PostAsync(ProtocolRig.Initialize)).Status);

        // Two are ana's whole share, so that her next request shows when the portal has let go of them.
        using var head = await RawSocket.ConnectAsync(rig.Gateway.Address("/"));
        using var body = await RawSocket.ConnectAsync(rig.Gateway.Address("/"));
        using var deaf = await RawSocket.ConnectAsync(rig.Gateway.Address("/"), receiveBuffer: 4096);
        await head.SendAsync("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
        await body.SendAsync(rig.Head("Content-Length: 1000") + "\r\n{");
        var call = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"who__large\",\"arguments\":{\"bytes\":12000000}," + ProtocolRig.Meta + "}}";
        await deaf.SendAsync(rig.Head("MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: who__large", string.Create(CultureInfo.InvariantCulture, $"Content-Length: {call.Length}")) + "\r\n" + call);
        Assert.StartsWith("HTTP/1.1 200 ", await deaf.ReadAsync(), StringComparison.Ordinal);
        await CallRig.UntilAsync(async () => (await rig.PostAsync(ProtocolRig.Initialize)).Status == HttpStatusCode.TooManyRequests, "The slow requests are not under way.");

        // A byte now and then keeps the server's limit on the rate content, not these.
        var slowly = Task.WhenAll(DripAsync(head), DripAsync(body));
        var answers = 0;
        await CallRig.UntilAsync(
            async () =>
            {
                var result = await ben.CallToolAsync("whoami", cancellationToken: Stop);
                Assert.Equal(hash, result.StructuredContent!.Value.GetProperty("sha256").GetString());
                answers++;
                return (await rig.PostAsync(ProtocolRig.Initialize)).Status == HttpStatusCode.OK;
            },
            "The slow requests are still under way.");
        await slowly;

        Assert.NotEqual(0, answers);
        Assert.StartsWith("HTTP/1.1 408 ", await body.ReadAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("HTTP/1.1 2", await head.ReadToEndAsync(), StringComparison.Ordinal);
        await CallRig.UntilAsync(async () => (await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => rig.PostAsync(ProtocolRig.Initialize)))).All(answer => answer.Status == HttpStatusCode.OK), "The client that does not read is still served.");
        Assert.InRange((await deaf.ReadToEndAsync()).Length, 0, 11_000_000);

        async Task DripAsync(RawSocket socket)
        {
            for (var i = 0; i < 150 && !socket.HasAnswer && await socket.SendAsync(" "); i++)
            {
                await Task.Delay(100, Stop);
            }

            Assert.True(socket.HasAnswer, "The portal waits for ever.");
        }
    }

    [Fact]
    public async Task MCP_9_A_request_whose_end_two_readers_could_see_differently_is_refused()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster);
        var before = rig.Gateway.Calls.Sessions.Count;
        const string Smuggled = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        var list = ProtocolRig.Initialize;
        var hex = list.Length.ToString("x", CultureInfo.InvariantCulture);
        var length = $"Content-Length: {list.Length.ToString(CultureInfo.InvariantCulture)}";
        (string Name, string Request)[] requests =
        [
            ("both lengths", rig.Head(length, "Transfer-Encoding: chunked") + $"\r\n{hex}\r\n{list}\r\n0\r\n\r\n"),
            ("both lengths, the other way round", rig.Head("Transfer-Encoding: chunked", "Content-Length: 4") + $"\r\n{hex}\r\n{list}\r\n0\r\n\r\n"),
            ("two lengths", rig.Head(length, "Content-Length: 0") + $"\r\n{list}"),
            ("a list of lengths", rig.Head($"{length}, 0") + $"\r\n{list}"),
            ("a length that is no number", rig.Head($"Content-Length: {list.Length}x") + $"\r\n{list}"),
            ("a space before the colon", rig.Head($"Content-Length : {list.Length}") + $"\r\n{list}"),
            ("a folded line", rig.Head("X-Folded: a", " Transfer-Encoding: chunked", length) + $"\r\n{list}"),
            ("a bare CR", rig.Head("X-Bare: a\rTransfer-Encoding: chunked", length) + $"\r\n{list}"),
            ("another coding last", rig.Head("Transfer-Encoding: chunked, identity") + $"\r\n{hex}\r\n{list}\r\n0\r\n\r\n"),
            ("an unknown coding", rig.Head("Transfer-Encoding: xchunked") + $"\r\n{hex}\r\n{list}\r\n0\r\n\r\n"),
            ("a bare LF in an extension of a chunk", rig.Head("Transfer-Encoding: chunked") + $"\r\n{hex};\n{list}\r\n0\r\n\r\n"),
            ("a bare LF after a chunk", rig.Head("Transfer-Encoding: chunked") + $"\r\n{hex}\r\n{list}\n0\r\n\r\n"),
            ("a chunk of a negative length", rig.Head("Transfer-Encoding: chunked") + $"\r\n-1\r\n{list}\r\n0\r\n\r\n"),
            ("no host", rig.Head(length).Replace("Host: ", "X-Host: ", StringComparison.Ordinal) + $"\r\n{list}"),
            ("two hosts", rig.Head("Host: 127.0.0.1", length) + $"\r\n{list}"),
        ];
        var wrong = await Task.WhenAll(requests.Select(async r =>
        {
            using var socket = await RawSocket.ConnectAsync(rig.Gateway.Address("/"));
            await socket.SendAsync(r.Request + Smuggled);
            var answer = await socket.ReadToEndAsync();

            // One answer only: what came after it was not taken for a request.
            return answer.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal) && answer.Split("HTTP/1.1 ").Length == 2 && !answer.EndsWith("stays open", StringComparison.Ordinal) ? null : $"{r.Name}: {answer}";
        }));
        Assert.Empty(wrong.OfType<string>());

        // Without TLS there is no HTTP/2, and so none of its headers.
        using var second = await RawSocket.ConnectAsync(rig.Gateway.Address("/"));
        await second.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u0012\u0004\0\0\0\0\0");
        Assert.DoesNotContain("HTTP/1.1 2", await second.ReadToEndAsync(), StringComparison.Ordinal);

        Assert.Empty(rig.Sessions);
        Assert.Equal(before, rig.Gateway.Calls.Sessions.Count);
        Assert.Equal(HttpStatusCode.OK, (await rig.PostAsync(list)).Status);
    }
}
