using McpPortal.Calls;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Database;

public sealed class UndecryptableCallTests(PostgresCluster cluster) : IAsyncLifetime
{
    private CallRig _rig = null!;
    private UserId _ana;
    private UserId _ben;

    public async ValueTask InitializeAsync()
    {
        _rig = await CallRig.StartAsync(cluster);
        (_ana, _ben) = (await _rig.AddUserAsync("ana"), await _rig.AddUserAsync("ben"));
    }

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    public static TheoryData<string, string> Damage() => new()
    {
        { "header", "set_byte(value, 40, get_byte(value, 40) # 1)" },
        { "bearer", "set_byte(value, 40, get_byte(value, 40) # 1)" },
        { "header", "(select other.value from secrets other where other.owner_id <> secrets.owner_id limit 1)" },
        { "bearer", "(select other.value from secrets other where other.owner_id <> secrets.owner_id limit 1)" },
        { "header", "'\\x4d5045'::bytea" },
    };

    [Theory]
    [MemberData(nameof(Damage))]
    public async Task DB_8_A_changed_secret_stops_the_calls_that_need_it_and_no_others(string placement, string damage)
    {
        var damaged = await _rig.AddServerAsync(_ana, "damaged", _rig.Whoami, placement == "header" ? CallRig.Header : CallRig.Bearer);
        var sound = await _rig.AddServerAsync(_ana, "sound", _rig.Whoami, CallRig.Header);
        await _rig.SetAsync(_ana, damaged, "one-of-ana");
        await _rig.SetAsync(_ana, sound, "two-of-ana");
        await _rig.SetAsync(_ben, damaged, "one-of-ben");
        Assert.Equal(CallRig.Hash("one-of-ana"), CallRig.HashIn(await _rig.CallAsync(_ana, "damaged", "whoami")));

        await _rig.SqlAsync($"update secrets set value = {damage} where owner_id = '{_ana}' and server_id = '{damaged.Id}'");
        _rig.Get<Invalidations>().Dispatch(new Invalidation(InvalidationKind.Everything, Guid.Empty));

        var refused = Assert.IsType<CallOutcome.NeedsConnection>(await _rig.CallAsync(_ana, "damaged", "whoami"));
        Assert.Contains("can no longer be read", refused.Sentence, StringComparison.Ordinal);
        Assert.Equal("/servers/damaged", refused.Path);
        Assert.True(_rig.Portal.Database.Canaries.Says("keys verify"), "Nobody was told.");
        Assert.Equal(CallRig.Hash("two-of-ana"), CallRig.HashIn(await _rig.CallAsync(_ana, "sound", "whoami")));
        Assert.Equal(CallRig.Hash("one-of-ben"), CallRig.HashIn(await _rig.CallAsync(_ben, "damaged", "whoami")));

        // Set again, it works again.
        await _rig.SetAsync(_ana, damaged, "three-of-ana");
        Assert.Equal(CallRig.Hash("three-of-ana"), CallRig.HashIn(await _rig.CallAsync(_ana, "damaged", "whoami")));
    }
}
