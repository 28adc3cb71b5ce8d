using System.Diagnostics;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Sessions;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Calls;

/// <summary>What is withdrawn ends within two seconds on every node, with the calls that run on it.</summary>
public sealed class WithdrawalTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(2);

    private Upstream _upstream = null!;
    private CallRig _rig = null!;
    private UserId _ana;
    private UserId _ben;
    private ServerSnapshot _server = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _upstream = await Upstream.StartAsync();
        _rig = await CallRig.StartAsync(cluster, [_upstream.Authority], ("Calls:MaxRunningPerUser", "1"));
        (_ana, _ben) = (await _rig.AddUserAsync("ana"), await _rig.AddUserAsync("ben"));
        _server = await _rig.AddServerAsync(_ana, "slow", _upstream.Endpoint.ToString(), CallRig.Bearer);
        await _rig.SetAsync(_ana, _server, "first-token");
        await _rig.SetAsync(_ben, _server, "ben-token");
    }

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    public static TheoryData<string, bool> Withdrawals()
    {
        var data = new TheoryData<string, bool>();
        foreach (var what in (string[])["replaced", "deleted", "disabled", "access", "server disabled", "server removed"])
        {
            data.Add(what, false);
            data.Add(what, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Withdrawals))]
    public async Task A_running_call_ends_and_its_session_closes(string what, bool onTheOtherNode)
    {
        PortalHost? other = null;
        try
        {
            var services = _rig.Portal.Services;
            if (onTheOtherNode)
            {
                other = await _rig.Portal.AnotherNodeAsync(_rig.Portal.Database, _rig.Sandbox.Address, Ports.Free(), CallRig.Settings([_upstream.Authority], ("Calls:MaxRunningPerUser", "1")));
                services = other.Services;
            }

            var calls = services.GetRequiredService<UpstreamCallService>();
            var pool = services.GetRequiredService<SessionPool>();
            Assert.IsType<CallOutcome.Succeeded>(await CallRig.CallAsync(calls, new Caller(_ben, CallVia.Console), "slow", "token"));
            var running = CallRig.CallAsync(calls, new Caller(_ana, CallVia.Console), "slow", "wait");
            await _upstream.EnteredAsync();
            var waiting = CallRig.CallAsync(calls, new Caller(_ana, CallVia.Console), "slow", "wait");
            Assert.False(running.IsCompleted);

            await WithdrawAsync(what);
            var began = Stopwatch.GetTimestamp();
            var outcome = await running.WaitAsync(TimeSpan.FromSeconds(20), Stop);
            Assert.True(Stopwatch.GetElapsedTime(began) < Promise, $"The call ended after {Stopwatch.GetElapsedTime(began)}.");
            Assert.Contains("withdrawn", Assert.IsType<CallOutcome.Refused>(outcome).Sentence, StringComparison.Ordinal);
            await _upstream.CancelledAsync();

            if (what == "replaced")
            {
                // The one that waited runs with the new credential.
                await _upstream.EnteredAsync();
                _upstream.Open();
                Assert.Equal("done", CallRig.Text(await waiting));
                Assert.Equal("Bearer second-token", CallRig.Text(await CallRig.CallAsync(calls, new Caller(_ana, CallVia.Console), "slow", "token")));
            }
            else
            {
                Assert.IsNotType<CallOutcome.Succeeded>(await waiting.WaitAsync(TimeSpan.FromSeconds(20), Stop));
                Assert.Equal(1, _upstream.Calls);
                await CallRig.UntilAsync(() => Task.FromResult(pool.Live.All(s => s.Key.User != _ana)), "A session of the one who lost access lives on.");
            }

            // Others' sessions live on where only one person lost something.
            if (what is "replaced" or "deleted" or "disabled")
            {
                Assert.Contains(pool.Live, s => s.Key.User == _ben);
                Assert.Equal("Bearer ben-token", CallRig.Text(await CallRig.CallAsync(calls, new Caller(_ben, CallVia.Console), "slow", "token")));
            }
        }
        finally
        {
            if (other is not null)
            {
                await other.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_change_of_roles_ends_no_call()
    {
        var running = _rig.CallAsync(_ana, "slow", "wait");
        await _upstream.EnteredAsync();
        Assert.Equal(UserChange.Done, await _rig.Portal.Users.GrantAdminAsync(_ana, Actor.CommandLine, Stop));

        // The next call waits behind it and goes through the same session.
        Assert.Single(_rig.Sessions);
        _upstream.Open();
        Assert.Equal("done", CallRig.Text(await running));
        Assert.Single(_rig.Sessions);
    }

    [Theory]
    [InlineData("disabled")]
    [InlineData("replaced")]
    [InlineData("edited")]
    [InlineData("cannot be checked")]
    public async Task What_changes_while_a_session_opens_is_seen_by_it(string what)
    {
        using var opening = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        var requests = 0;
        _upstream.OnRequest = () =>
        {
            if (Interlocked.Increment(ref requests) == 1)
            {
                opening.Release();
                go.Wait(TimeSpan.FromSeconds(20), Stop);
            }
        };
        var call = _rig.CallAsync(_ana, "slow", "token");
        Assert.True(await opening.WaitAsync(TimeSpan.FromSeconds(20), Stop));
        switch (what)
        {
            case "edited":
                await _rig.SqlAsync("update servers set version = version + 1");
                _rig.Get<Invalidations>().Dispatch(new Invalidation(InvalidationKind.Server, _server.Id.Value));
                break;
            case "cannot be checked":
                await _rig.SqlAsync("revoke select on servers from portal_app");
                _rig.Get<Invalidations>().Dispatch(new Invalidation(InvalidationKind.Server, _server.Id.Value));
                break;
            default:
                await WithdrawAsync(what);
                break;
        }

        go.Set();
        Assert.IsType<CallOutcome.Refused>(await call.WaitAsync(TimeSpan.FromSeconds(20), Stop));
        Assert.InRange(requests, 1, 6);
        Assert.DoesNotContain(_rig.Sessions, s => s.Key.User == _ana);

        await _rig.SqlAsync("grant select on servers to portal_app");
        var again = await _rig.CallAsync(_ana, "slow", "token");
        if (what == "disabled")
        {
            Assert.IsType<CallOutcome.Refused>(again);
        }
        else
        {
            Assert.Equal(what == "replaced" ? "Bearer second-token" : "Bearer first-token", CallRig.Text(again));
        }
    }

    [Fact]
    public async Task A_failed_opening_that_everybody_left_is_tried_again()
    {
        using var opening = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        var fail = true;
        _upstream.OnRequest = () =>
        {
            if (Volatile.Read(ref fail))
            {
                opening.Release();
                go.Wait(TimeSpan.FromSeconds(20), Stop);
                throw new InvalidOperationException("made up");
            }
        };
        using (var impatient = CancellationTokenSource.CreateLinkedTokenSource(Stop))
        {
            var call = _rig.CallAsync(_ana, "slow", "token", cancellationToken: impatient.Token);
            Assert.True(await opening.WaitAsync(TimeSpan.FromSeconds(20), Stop));
            await impatient.CancelAsync();
            Assert.IsType<CallOutcome.Cancelled>(await call);
        }

        go.Set();
        Volatile.Write(ref fail, false);

        // A pause follows a failure; afterwards the very next call opens anew instead of being told of the old failure.
        await CallRig.UntilAsync(async () => await _rig.CallAsync(_ana, "slow", "token") is CallOutcome.Succeeded, "The failure stayed in the pool.");
    }

    private async Task WithdrawAsync(string what)
    {
        switch (what)
        {
            case "replaced":
                await _rig.SetAsync(_ana, _server, "second-token");
                break;
            case "deleted":
                Assert.True(await _rig.Get<SecretStore>().DeleteAsync(_ana, _server, "token", Actor.Page(_ana), Stop));
                break;
            case "disabled":
                Assert.Equal(UserChange.Done, await _rig.Portal.Users.DisableAsync(_ana, Actor.CommandLine, Stop));
                break;
            case "access":
                Assert.IsType<ServerEditResult.Saved>(await _rig.Get<ServerEditor>().SetAccessAsync(_server.Id, [], Actor.CommandLine, Stop));
                break;
            case "server disabled":
                Assert.IsType<ServerEditResult.Saved>(await _rig.Get<ServerEditor>().SetEnabledAsync(_server.Id, false, Actor.CommandLine, Stop));
                break;
            case "server removed":
                Assert.IsNotType<ServerEditResult.NotAllowed>(await _rig.Get<ServerEditor>().RemoveAsync(_server.Id, Actor.CommandLine, Stop));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(what), what, null);
        }
    }
}
