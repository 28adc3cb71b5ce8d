using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Sandbox.Faults;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;

namespace McpPortal.Tests.Calls;

public sealed class FailureTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly string Planted = Canary.New("token");

    private Upstream _upstream = null!;
    private CallRig _rig = null!;
    private UserId _ana;
    private string _dead = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _upstream = await Upstream.StartAsync();
        _dead = $"127.0.0.1:{Ports.Free()}";
        _rig = await CallRig.StartAsync(cluster, [_upstream.Authority, _dead]);
        _ana = await _rig.AddUserAsync("ana");
    }

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task UP_1_A_call_that_takes_too_long_is_told_and_cancelled_upstream()
    {
        await AddAsync("slow", _upstream.Endpoint.ToString(), CallRig.Bearer);
        var outcome = await _rig.CallAsync(_ana, "slow", "wait", options: new CallOptions { Timeout = TimeSpan.FromSeconds(1) });

        Assert.Contains("did not answer within 1 seconds", Assert.IsType<CallOutcome.TimedOut>(outcome).Sentence, StringComparison.Ordinal);
        await _upstream.CancelledAsync();
        Assert.Equal($"Bearer {Planted}", CallRig.Text(await _rig.CallAsync(_ana, "slow", "token")));
        Assert.Single(_rig.Sessions);
    }

    [Fact]
    public async Task UP_9_A_cancelled_call_is_cancelled_upstream()
    {
        await AddAsync("slow", _upstream.Endpoint.ToString(), CallRig.Bearer);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var call = _rig.CallAsync(_ana, "slow", "wait", cancellationToken: patience.Token);
        await _upstream.EnteredAsync();
        await patience.CancelAsync();

        Assert.IsType<CallOutcome.Cancelled>(await call);
        await _upstream.CancelledAsync();
        await RecordedAsync($"result = {(int)CallResult.Cancelled} and tool = 'wait'");
    }

    [Fact]
    public async Task An_upstream_that_restarts_between_two_calls_is_met_again()
    {
        await AddAsync("who", _rig.Whoami, CallRig.Header);
        Assert.Equal(CallRig.Hash(Planted), CallRig.HashIn(await _rig.CallAsync(_ana, "who", "whoami")));
        for (var i = 0; i < 2; i++)
        {
            await _rig.RestartSandboxAsync();
            Assert.Equal(CallRig.Hash(Planted), CallRig.HashIn(await _rig.CallAsync(_ana, "who", "whoami")));
        }

        Assert.Single(_rig.Sessions);
    }

    [Fact]
    public async Task An_upstream_of_an_older_revision_that_forgot_the_session_is_met_again()
    {
        var draft = new ServerDraft { Slug = "old", Name = "Old", Url = _rig.Whoami, Credentials = [CallRig.Header], ProtocolPin = "2025-11-25" };
        Assert.IsType<ServerEditResult.Saved>(await _rig.Get<ServerEditor>().AddAsync(draft, null, true, McpPortal.Audit.Actor.CommandLine, Stop));
        await _rig.SetAsync(_ana, (await _rig.Get<ServerCatalog>().FindAsync(_ana, "old", Stop))!, Planted);
        Assert.Equal(CallRig.Hash(Planted), CallRig.HashIn(await _rig.CallAsync(_ana, "old", "whoami")));
        await _rig.RestartSandboxAsync();

        Assert.Equal(CallRig.Hash(Planted), CallRig.HashIn(await _rig.CallAsync(_ana, "old", "whoami")));
        Assert.Equal(CallRig.Hash(Planted), CallRig.HashIn(await _rig.CallAsync(_ana, "old", "whoami")));
    }

    [Fact]
    public async Task UP_1_A_dead_server_is_told_in_a_sentence_without_the_credential()
    {
        await AddAsync("header", $"http://{_dead}/mcp", CallRig.Header);
        await AddAsync("bearer", $"http://{_dead}/mcp", CallRig.Bearer);
        foreach (var slug in (string[])["header", "bearer"])
        {
            var outcome = Assert.IsType<CallOutcome.Unreachable>(await _rig.CallAsync(_ana, slug, "whoami"));
            Assert.Equal($"Server {slug} cannot be reached at 127.0.0.1.", outcome.Sentence);
            Assert.DoesNotContain(Planted, outcome.ToString(), StringComparison.Ordinal);
            Assert.IsType<CallOutcome.Unreachable>(Assert.IsType<ToolListOutcome.Failed>(await _rig.Get<UpstreamCallService>().ListToolsAsync(new Caller(_ana, CallVia.Console), slug, Stop)).Outcome);
        }

        Assert.Empty(_rig.Sessions);
        await RecordedAsync($"result = {(int)CallResult.Unreachable} and account is not null", 2);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(500)]
    [InlineData(302)]
    public async Task A_refusing_server_is_told_for_what_it_is(int status)
    {
        await AddAsync("who", _rig.Whoami, CallRig.Header);
        Assert.IsType<CallOutcome.Succeeded>(await _rig.CallAsync(_ana, "who", "whoami"));
        await _rig.Sandbox.FaultAsync(new Fault { Endpoint = "mcp/whoami", Status = status, Body = $"you sent {Planted}" });
        var outcome = await _rig.CallAsync(_ana, "who", "whoami");

        Assert.DoesNotContain(Planted, outcome.Explanation!, StringComparison.Ordinal);
        switch (status)
        {
            case 401:
                var missing = Assert.IsType<CallOutcome.NeedsConnection>(outcome);
                Assert.Equal("/servers/who", missing.Path);
                break;
            case 403:
                Assert.IsType<CallOutcome.ToolFailed>(outcome);
                break;
            default:
                Assert.IsType<CallOutcome.Unreachable>(outcome);
                break;
        }

        await _rig.Sandbox.FaultAsync(new Fault { Endpoint = "mcp/whoami" });
        await CallRig.UntilAsync(async () => await _rig.CallAsync(_ana, "who", "whoami") is CallOutcome.Succeeded, "The server is well again and still cannot be called.");
    }

    [Fact]
    public async Task ISO_2_A_missing_credential_is_asked_for_and_nothing_is_sent()
    {
        await _rig.AddServerAsync(_ana, "who", _rig.Whoami, CallRig.Header);
        var outcome = Assert.IsType<CallOutcome.NeedsConnection>(await _rig.CallAsync(_ana, "who", "whoami"));

        Assert.Equal("/servers/who", outcome.Path);
        Assert.Empty(_rig.Sessions);
    }

    [Fact]
    public async Task An_argument_that_the_portal_fills_in_is_hidden_from_lists_and_refused_from_callers()
    {
        var argument = new CredentialNeed { Name = "key", Source = CredentialSource.Secret, Placement = CredentialPlacement.Argument, Target = "key" };
        var server = await AddAsync("take", _upstream.Endpoint.ToString(), CallRig.Bearer, argument);
        await _rig.SetAsync(_ana, server, "from-the-vault", "key");

        var listed = Assert.IsType<ToolListOutcome.Listed>(await _rig.Get<UpstreamCallService>().ListToolsAsync(new Caller(_ana, CallVia.Console), "take", Stop));
        var schema = listed.Tools.Single(t => (string?)t["name"] == "take")["inputSchema"]!;
        Assert.Equal(["other"], schema["properties"]!.AsObject().Select(p => p.Key));
        Assert.Equal(["other"], schema["required"]!.AsArray().Select(r => (string)r!));

        Assert.Equal("from-the-vault/mine", CallRig.Text(await _rig.CallAsync(_ana, "take", "take", new { other = "mine" })));
        foreach (var forged in (object[])[new { other = "mine", key = "forged" }, new { key = (string?)null }, new Dictionary<string, object> { ["key"] = new { } }])
        {
            Assert.Contains("'key'", Assert.IsType<CallOutcome.Refused>(await _rig.CallAsync(_ana, "take", "take", forged)).Sentence, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_key_that_only_reads_gets_tools_that_say_so()
    {
        await AddAsync("slow", _upstream.Endpoint.ToString(), CallRig.Bearer);
        var (calls, caller) = (_rig.Get<UpstreamCallService>(), new Caller(_ana, CallVia.Rest, ReadOnly: true));

        Assert.Equal($"Bearer {Planted}", CallRig.Text(await CallRig.CallAsync(calls, caller, "slow", "token")));
        Assert.IsType<CallOutcome.Refused>(await CallRig.CallAsync(calls, caller, "slow", "wait"));
        Assert.IsType<CallOutcome.Refused>(await CallRig.CallAsync(calls, caller, "slow", "unknown"));
        Assert.Equal(0, _upstream.Calls);
        var listed = Assert.IsType<ToolListOutcome.Listed>(await calls.ListToolsAsync(caller, "slow", Stop));
        Assert.Equal(["take", "token"], listed.Tools.Select(t => (string)t["name"]!).Order(StringComparer.Ordinal));
    }

    private async Task<ServerSnapshot> AddAsync(string slug, string url, params CredentialNeed[] needs)
    {
        var server = await _rig.AddServerAsync(_ana, slug, url, needs);
        await _rig.SetAsync(_ana, server, Planted);
        return server;
    }

    private Task RecordedAsync(string where, long count = 1) =>
        CallRig.UntilAsync(async () => (long)(await _rig.SqlAsync($"select count(*) from tool_calls where {where}"))! == count, $"No record of {where}.");
}
