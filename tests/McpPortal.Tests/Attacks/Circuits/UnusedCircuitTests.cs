using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Tests.Attacks.Auth;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>A page that its owner walked away from.</summary>
public sealed class UnusedCircuitTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BLZ_2_A_page_that_nobody_used_for_the_idle_time_does_nothing_any_more()
    {
        var time = new ShiftedTime();
        await using var rig = await HandlerRig.StartAsync(cluster, time, settings: ("Accounts:IdleTimeout", "08:00:00"));
        var (cookies, user) = await rig.PersonAsync("subject-1");
        await rig.Portal.Services.GetRequiredService<AccessKeys>().CreateAsync(user, "program", readOnly: false, servers: null, expiresAt: null, Actor.Page(user), Stop);
        await using var page = await CircuitClient.OpenAsync(new Uri(rig.Portal.Address), cookies, "/access");
        var ask = await page.FindAsync("Revoke");
        Assert.True(await page.ClickAsync(ask));
        var revoke = await page.FindAsync("Revoke key");

        // Used every now and then, it stays.
        for (var i = 0; i < 2; i++)
        {
            time.Shift(TimeSpan.FromHours(7.9));
            Assert.True(await page.ClickAsync(ask), "A page in use did nothing.");
        }

        time.Shift(TimeSpan.FromHours(8.1));
        Assert.False(await page.ClickAsync(revoke));
        await page.Hub.Closed.WaitAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal(0L, await rig.SqlAsync("select count(*) from access_keys where revoked_at is not null"));
    }
}
