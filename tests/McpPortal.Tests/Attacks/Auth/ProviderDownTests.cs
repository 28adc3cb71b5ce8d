using System.Net;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Auth;

public sealed class ProviderDownTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SYS_1_A_provider_that_is_down_gives_a_page_and_sign_in_recovers_alone()
    {
        await using var rig = await HandlerRig.StartAsync(cluster, listen: false);
        using var browser = rig.Portal.Browser();
        using var answer = await browser.GetAsync(new Uri("/signin", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("does not answer", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.NotNull(answer.Headers.RetryAfter);

        await rig.Provider.ListenAsync();
        var status = answer.StatusCode;
        for (var tries = 0; status == HttpStatusCode.ServiceUnavailable && tries < 300; tries++)
        {
            await Task.Delay(100, Stop);
            using var again = await browser.GetAsync(new Uri("/signin", UriKind.Relative), Stop);
            status = again.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Found, status);
        Assert.Equal(HttpStatusCode.Found, (await HandlerRig.SignInAsync(browser)).Status);
        Assert.NotEqual("nobody", await HandlerRig.WhoAsync(browser));
    }

    [Fact]
    public async Task SYS_1_Whoever_is_signed_in_stays_so_while_the_provider_is_down_and_a_callback_says_what_is_wrong()
    {
        await using var rig = await HandlerRig.StartAsync(cluster);
        using var ana = rig.Portal.Browser();
        using var ben = rig.Portal.Browser();
        Assert.Equal(HttpStatusCode.Found, (await HandlerRig.SignInAsync(ana)).Status);
        var callback = await HandlerRig.CallbackAsync(ben);

        await rig.Provider.DisposeAsync();

        Assert.NotEqual("nobody", await HandlerRig.WhoAsync(ana));
        await rig.AssertRefusedAsync(ben, callback, 502, "did not complete the sign-in");
    }
}
