using System.Diagnostics;
using System.Net;
using McpPortal.Tests.Promises;
using ModelContextProtocol.Client;

namespace McpPortal.Tests.Attacks.Restarts;

/// <summary>One of two portals is told to stop while it is at work.</summary>
[Collection(WholeProcesses.Name)]
public sealed class StoppedPortalTests(PortalPair portals)
{
    private const string Older = "2025-11-25";
    private const string Newer = "2026-07-28";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RST_1_2_A_portal_that_stops_answers_what_is_under_way_and_the_other_one_takes_over()
    {
        await using var leaving = await portals.StartAsync(("Calls:DrainTime", "00:00:06"));
        var ana = await portals.AddAsync("restarts");
        await portals.SetSecretAsync(ana, "whoami", "token", "not-a-secret-restarts");
        await portals.SetSecretAsync(ana, "whoami-stdio", "token", "not-a-secret-restarts-stdio");
        var itself = ProcessTree.Below(leaving.ProcessId);
        Assert.True((await leaving.CallAsync(ana.Key, "whoami-stdio", "whoami", cancellationToken: Stop)).Succeeded, leaving.Output());
        var programs = ProcessTree.Below(leaving.ProcessId);
        programs.ExceptWith(itself);
        Assert.NotEmpty(programs);

        // As a proxy does that passes on to another node what one did not answer. A session knows one node only.
        using var either = new HttpClient(new OneOf(leaving.Address, portals.One.Address));
        await using var newer = await ConnectAsync(either, leaving, ana, Newer);
        await using var older = await ConnectAsync(either, leaving, ana, Older);
        await older.CallToolAsync("whoami", cancellationToken: Stop);
        var before = await portals.CallsAsync("whoami");
        var quick = Enumerable.Range(0, 10).Select(_ => leaving.CallAsync(ana.Key, "whoami", "whoami", new { delayMs = 2500 }, Stop)).ToList();
        var endless = leaving.CallAsync(ana.Key, "whoami", "whoami", new { delayMs = 55_000 }, Stop);
        await portals.UntilCalledAsync("whoami", before + 11);
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var load = Task.Run(async () =>
        {
            var count = 0;
            for (; !stopped.IsCancellationRequested; count++)
            {
                Assert.NotNull((await newer.CallToolAsync("whoami", cancellationToken: Stop)).StructuredContent);
            }

            return count;
        }, Stop);
        var clock = Stopwatch.StartNew();
        var code = await leaving.StopAsync(TimeSpan.FromSeconds(45));

        // What could be finished was, the rest was told so.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.Equal(0, code);
        Assert.All(await Task.WhenAll(quick), answer => Assert.True(answer.Succeeded, $"{answer}\n{leaving.Output()}"));
        var late = await endless;
        Assert.Equal(HttpStatusCode.BadGateway, late.Status);
        Assert.Contains("Whether the tool ran is unknown", (string?)late.Body["detail"], StringComparison.Ordinal);
        Assert.Empty(ProcessTree.Living(programs));

        await stopped.CancelAsync();
        Assert.NotEqual(0, await load);
        Assert.NotNull((await newer.CallToolAsync("whoami", cancellationToken: Stop)).StructuredContent);

        // The older one's session went with its node. It is told so, and a new one works.
        await Assert.ThrowsAnyAsync<Exception>(async () => await older.CallToolAsync("whoami", cancellationToken: Stop));
        await using var again = await ConnectAsync(either, leaving, ana, Older);
        Assert.NotNull((await again.CallToolAsync("whoami", cancellationToken: Stop)).StructuredContent);
    }

    private static Task<McpClient> ConnectAsync(HttpClient http, ServingPortal portal, Person person, string version) => McpClient.CreateAsync(
        new HttpClientTransport(
            new HttpClientTransportOptions
            {
                Endpoint = new Uri(portal.Address, "/mcp/whoami"),
                TransportMode = HttpTransportMode.StreamableHttp,
                EnableStandaloneGetStream = false,
                AdditionalHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = $"Bearer {person.Key}" },
            },
            http),
        new McpClientOptions { ProtocolVersion = version },
        cancellationToken: Stop);

    private sealed class OneOf(Uri first, Uri second) : DelegatingHandler(new SocketsHttpHandler { UseCookies = false })
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // Read once, since a request that found nobody is made again.
            var body = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            try
            {
                return await base.SendAsync(To(request, first, body), cancellationToken);
            }
            catch (HttpRequestException)
            {
                // Not taken, or hung up on without an answer; what is asked here only reads.
                return await base.SendAsync(To(request, second, body), cancellationToken);
            }
        }

        private static HttpRequestMessage To(HttpRequestMessage request, Uri node, byte[]? body)
        {
            var copy = new HttpRequestMessage(request.Method, new Uri(node, request.RequestUri!.PathAndQuery)) { Content = body is null ? null : new ByteArrayContent(body) };
            foreach (var header in request.Headers)
            {
                copy.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }

            foreach (var header in request.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>())
            {
                copy.Content!.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }

            return copy;
        }
    }
}
