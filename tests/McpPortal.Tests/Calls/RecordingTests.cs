using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Vault;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpPortal.Tests.Calls;

public sealed class RecordingTests(PostgresCluster cluster) : IAsyncLifetime
{
    private CallRig _rig = null!;
    private UserId _ana;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _rig = await CallRig.StartAsync(cluster);
        _ana = await _rig.AddUserAsync("ana");
        var server = await _rig.AddServerAsync(_ana, "who", _rig.Whoami, CallRig.Header);
        await _rig.SetAsync(_ana, server, "token-of-ana");
    }

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_record_says_who_called_what_and_nothing_of_the_contents()
    {
        var outcome = await _rig.CallAsync(_ana, "who", "echo", new { text = "very-private" });
        Assert.Equal("very-private", CallRig.Text(outcome));
        await _rig.CallAsync(_ana, "who", "fail", new { message = "words-of-the-tool" });
        await CountAsync(2);

        var rows = (string)(await _rig.SqlAsync("select string_agg(row_to_json(c)::text, ' ') from tool_calls c"))!;
        Assert.DoesNotContain("very-private", rows, StringComparison.Ordinal);
        Assert.DoesNotContain("words-of-the-tool", rows, StringComparison.Ordinal);
        Assert.DoesNotContain("token-of-ana", rows, StringComparison.Ordinal);
        Assert.Equal(1L, await _rig.SqlAsync(
            $"select count(*) from tool_calls where id = '{outcome.Id}' and user_id = '{_ana}' and server_slug = 'who' and tool = 'echo' and result = {(int)CallResult.Succeeded} and via = {(int)CallVia.Console} and length(arguments_hash) = 32"));
        Assert.Equal(1L, await _rig.SqlAsync($"select count(*) from tool_calls where tool = 'fail' and result = {(int)CallResult.ToolFailed} and sentence is null"));
    }

    [Fact]
    public async Task INJ_8_Names_that_no_column_can_hold_do_not_stop_the_records_of_others()
    {
        var emoji = string.Concat(Enumerable.Repeat("🎉", 200));
        string[] tools = ["a\0b", "half \ud83c", "\udf89 half", emoji, "x" + emoji, new string('ü', 1000)];
        foreach (var tool in tools)
        {
            await CallRig.CallAsync(_rig.Get<UpstreamCallService>(), new Caller(_ana, CallVia.Rest, Client: "client \0" + tool), "who", tool);
        }

        Assert.IsType<CallOutcome.Succeeded>(await _rig.CallAsync(_ana, "who", "whoami"));
        await CountAsync(tools.Length + 1);
        Assert.True(_rig.Get<CallRecorder>().CanAccept);
    }

    [Fact]
    public async Task Calls_pause_when_they_could_not_be_recorded_for_five_seconds_and_no_record_is_lost()
    {
        Assert.IsType<CallOutcome.Succeeded>(await _rig.CallAsync(_ana, "who", "whoami"));
        await CountAsync(1);
        await _rig.SqlAsync("revoke insert on tool_calls from portal_system");
        var made = 1;
        var began = TimeProvider.System.GetTimestamp();
        await CallRig.UntilAsync(
            async () =>
            {
                var outcome = await _rig.CallAsync(_ana, "who", "whoami");
                if (outcome is CallOutcome.Succeeded)
                {
                    made++;
                    await Task.Delay(100, Stop);
                    return false;
                }

                // Paused for the database's silence is another thing; it passes.
                return Assert.IsType<CallOutcome.Refused>(outcome) is { Busy: true } refused && refused.Sentence.Contains("recorded", StringComparison.Ordinal);
            },
            "Calls went on although none could be recorded.",
            60);
        Assert.True(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(4), "Calls stopped at the first hiccup.");

        await _rig.SqlAsync("grant insert on tool_calls to portal_system");
        await CountAsync(made);
        await CallRig.UntilAsync(async () => await _rig.CallAsync(_ana, "who", "whoami") is CallOutcome.Succeeded, "Calls did not go on.");
        await CountAsync(made + 1);
    }

    [Fact]
    public async Task A_group_that_is_tried_again_writes_no_record_twice()
    {
        using var recorder = new CallRecorder(_rig.Get<PortalDatabase>(), _rig.Get<Fingerprints>(), new CallsOptions(), TimeProvider.System, NullLogger<CallRecorder>.Instance);
        var server = (await _rig.Get<ServerCatalog>().FindAsync(_ana, "who", Stop))!;
        await _rig.SqlAsync("revoke insert on tool_calls from portal_system");
        var calls = Enumerable.Range(0, 30).Select(n => new UpstreamCall(new Caller(_ana, CallVia.Rest), server, $"t{n}", UpstreamCall.NoArguments, CallOptions.Default, TimeProvider.System.GetUtcNow(), Stop)).ToList();
        calls.ForEach(call => recorder.Add(call, new CallOutcome.Cancelled(), null));
        await recorder.StartAsync(Stop);
        await CallRig.UntilAsync(() => Task.FromResult(!recorder.CanAccept), "The recorder did not notice that it fails.");

        // As if the first try had been committed and only its answer lost.
        foreach (var call in calls.Take(10))
        {
            await _rig.SqlAsync($"""
                insert into tool_calls (id, user_id, server_id, server_slug, tool, via, result, started_at, duration_ms, upstream_ms, request_bytes, response_bytes)
                values ('{call.Id}', '{_ana}', '{server.Id}', 'who', 'first', 1, 1, now(), 0, 0, 0, 0)
                """);
        }

        await _rig.SqlAsync("grant insert on tool_calls to portal_system");
        await CountAsync(30);
        await CallRig.UntilAsync(() => Task.FromResult(recorder.CanAccept), "The recorder did not recover.");
        Assert.Equal(10L, await _rig.SqlAsync("select count(*) from tool_calls where tool = 'first'"));
        await recorder.StopAsync(Stop);
    }

    [Fact]
    public async Task What_is_still_queued_is_written_when_the_portal_stops()
    {
        var recorder = new CallRecorder(_rig.Get<PortalDatabase>(), _rig.Get<Fingerprints>(), new CallsOptions(), TimeProvider.System, NullLogger<CallRecorder>.Instance);
        var server = (await _rig.Get<ServerCatalog>().FindAsync(_ana, "who", Stop))!;
        await recorder.StartAsync(Stop);
        for (var n = 0; n < 2500; n++)
        {
            recorder.Add(new UpstreamCall(new Caller(_ana, CallVia.Rest), server, $"t{n}", UpstreamCall.NoArguments, CallOptions.Default, TimeProvider.System.GetUtcNow(), Stop), new CallOutcome.Cancelled(), null);
        }

        await recorder.StopAsync(Stop);
        recorder.Dispose();
        Assert.Equal(2500L, await _rig.SqlAsync("select count(*) from tool_calls"));
    }

    private Task CountAsync(long count) =>
        CallRig.UntilAsync(async () => (long)(await _rig.SqlAsync("select count(*) from tool_calls"))! == count, $"There are not {count} records.");
}
