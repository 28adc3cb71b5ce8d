using System.Net;
using System.Net.WebSockets;
using McpPortal.Clients;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Tests.Attacks.Auth;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>Messages to a circuit that no browser would send, and circuits that belong to somebody else.</summary>
public sealed class ForgedHubMessageTests(PostgresCluster cluster) : IAsyncLifetime
{
    private HandlerRig _rig = null!;
    private string _cookies = null!;
    private UserId _user;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Uri Portal => new(_rig.Portal.Address);

    public async ValueTask InitializeAsync()
    {
        _rig = await HandlerRig.StartAsync(cluster);
        (_cookies, _user) = await _rig.PersonAsync("subject-1");
    }

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task BLZ_3_A_circuit_is_refused_without_a_sign_in_and_from_another_origin()
    {
        var token = await TokenAsync(_cookies);
        (string? Cookies, string? Origin)[] refused =
        [
            (null, null), ("portal-session=made-up", null), (_cookies, "https://evil.example"), (_cookies, "null"), (_cookies, _rig.Portal.Address + ".evil.example"),
            (_cookies, "http://127.0.0.1:1"), (_cookies, _rig.Portal.Address.Replace("http://", "https://", StringComparison.Ordinal)),
        ];
        foreach (var (cookies, origin) in refused)
        {
            await using var hub = new HubClient();
            var error = await Assert.ThrowsAsync<WebSocketException>(() => hub.ConnectAsync(Portal, cookies, token, origin, Stop));
            Assert.Matches("40[13]", error.Message);
        }

        using var negotiation = await _rig.Bare.PostAsync(new Uri(Portal, "/_blazor/negotiate?negotiateVersion=1"), null, Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, negotiation.StatusCode);
        await using var own = new HubClient();
        await own.ConnectAsync(Portal, _cookies, token, _rig.Portal.Address, Stop);
        Assert.IsType<string>(await own.InvokeAsync("StartCircuit", Portal.AbsoluteUri, Portal.AbsoluteUri, "[]", ""));
    }

    [Fact]
    public async Task BLZ_3_Nobody_enters_the_circuit_of_another_sign_in()
    {
        var (bens, _) = await _rig.PersonAsync("ben");
        var page = await CircuitClient.OpenAsync(Portal, _cookies, "/access");
        var secret = page.Secret;
        await page.DisposeAsync();

        await using var ben = new HubClient();
        await ben.ConnectAsync(Portal, bens, await TokenAsync(_cookies), null, Stop);
        Assert.NotEqual(true, await ben.InvokeAsync("ConnectCircuit", secret));
        Assert.Null(await ben.InvokeAsync("ResumeCircuit", secret, Portal.AbsoluteUri, Portal.AbsoluteUri, "[]", ""));

        await using var again = new HubClient();
        await again.ConnectAsync(Portal, _cookies, null, null, Stop);
        Assert.Equal(true, await again.InvokeAsync("ConnectCircuit", secret));
    }

    [Fact]
    public async Task BLZ_2_A_page_that_is_open_when_the_time_of_the_sign_in_is_up_does_nothing_more()
    {
        var (cookies, user) = await _rig.PersonAsync("cara");
        await _rig.SqlAsync($"update sign_in_sessions set expires_at = now() + interval '20 seconds' where user_id = '{user}'");
        await using var page = await CircuitClient.OpenAsync(Portal, cookies, "/access");
        var ask = await page.FindAsync("Create access key");
        Assert.True(await page.ClickAsync(ask));

        await _rig.SqlAsync("select pg_sleep(extract(epoch from max(expires_at) - now())::float) from sign_in_sessions where user_id = '" + user + "'");

        await page.Hub.SendAsync("BeginInvokeDotNetFromJS", "expired", null, "DispatchEventAsync", 1L, $"[{{\"eventHandlerId\":{ask.Id},\"eventName\":\"click\",\"eventFieldInfo\":null}},{{\"type\":\"click\"}}]");
        var strings = page.Strings.Count();
        await using var other = new HubClient();
        await Assert.ThrowsAsync<WebSocketException>(() => other.ConnectAsync(Portal, cookies, null, null, Stop));
        Assert.Equal(strings, page.Strings.Count());
    }

    [Theory]
    [InlineData("event of no handler")]
    [InlineData("event of another kind")]
    [InlineData("arguments of another shape")]
    [InlineData("method that is not there")]
    [InlineData("method of an assembly")]
    [InlineData("object that is not there")]
    [InlineData("hub method that is not there")]
    [InlineData("components that were not sent")]
    [InlineData("batch that was never drawn")]
    [InlineData("answer to nothing")]
    [InlineData("a megabyte")]
    [InlineData("no message at all")]
    public async Task BLZ_4_A_forged_message_ends_at_most_its_own_circuit(string what)
    {
        await using var neighbour = await CircuitClient.OpenAsync(Portal, _cookies, "/access");
        await using var page = await CircuitClient.OpenAsync(Portal, _cookies, "/access");
        var ask = await page.FindAsync("Create access key");

        var hub = page.Hub;
        await Task.WhenAny(hub.Closed, what switch
        {
            "event of no handler" => page.DispatchAsync(987_654, "click", "{}"),
            "event of another kind" => page.DispatchAsync(ask.Id, "change", """{"value":"x"}"""),
            "arguments of another shape" => page.InvokeAsync("DispatchEventAsync", """[{"eventHandlerId":"x"},[1,2,3]]"""),
            "method that is not there" => page.InvokeAsync("RevokeAsync", "[]"),
            "method of an assembly" => hub.SendAsync("BeginInvokeDotNetFromJS", "1", "McpPortal", "RevokeAsync", 0L, "[]"),
            "object that is not there" => hub.SendAsync("BeginInvokeDotNetFromJS", "1", null, "DispatchEventAsync", 4_000_000_000L, "[]"),
            "hub method that is not there" => hub.SendAsync("RevokeAsync", "x"),
            "components that were not sent" => hub.SendAsync("UpdateRootComponents", """{"batchId":2,"operations":[{"type":"add","ssrComponentId":9,"marker":{"type":"server","sequence":0,"descriptor":"CfDJ8made-up","prerenderId":"x"}}]}""", ""),
            "batch that was never drawn" => hub.SendAsync("OnRenderCompleted", 999_999L, null),
            "answer to nothing" => hub.SendAsync("EndInvokeJSFromDotNet", 999_999L, true, "[999999,true,null]"),
            "a megabyte" => hub.SendAsync("BeginInvokeDotNetFromJS", "1", null, "DispatchEventAsync", 1L, new string('x', 1024 * 1024)),
            _ => hub.WriteAsync([0x05, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        });

        Assert.True(await neighbour.ClickAsync(await neighbour.FindAsync("Create access key")), "Another circuit was hurt too.");
        Assert.Equal(0L, await _rig.SqlAsync($"select count(*) from access_keys where user_id = '{_user}'"));
        Assert.DoesNotContain("   at ", string.Join('\n', page.Strings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BLZ_4_A_button_that_is_not_shown_to_somebody_does_nothing_for_them()
    {
        // The admin's own page is not there for others; its component is not sent to them, and cannot be made up.
        using var http = new HttpRequestMessage(HttpMethod.Get, new Uri(Portal, "/admin/users")) { Headers = { { "Cookie", _cookies }, { "Accept", "text/html" } } };
        using var page = await _rig.Bare.SendAsync(http, Stop);
        Assert.NotEqual(HttpStatusCode.OK, page.StatusCode);
        Assert.DoesNotContain("<!--Blazor:", await page.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BLZ_7_A_double_click_that_creates_a_key_creates_one()
    {
        await using var page = await CircuitClient.OpenAsync(Portal, _cookies, "/access");
        Assert.True(await page.ClickAsync(await page.FindAsync("Create access key")));
        var name = await page.FindAsync("maxlength=100", "oninput");
        Assert.True(await page.DispatchAsync(name.Id, "input", """{"value":"program"}"""));
        var submit = await page.FindAsync("id=create-key", "onsubmit");

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => page.DispatchAsync(submit.Id, "submit", """{"type":"submit"}""")));

        Assert.Equal(1L, await _rig.SqlAsync($"select count(*) from access_keys where user_id = '{_user}'"));
    }

    [Fact]
    public async Task BLZ_6_Two_people_on_one_node_share_nothing_that_a_page_holds()
    {
        var (bens, ben) = await _rig.PersonAsync("ben");
        await KeyAsync(_user, "key-of-subject-1");
        await KeyAsync(ben, "key-of-ben");
        var pages = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => CircuitClient.OpenAsync(Portal, i % 2 == 0 ? _cookies : bens, "/access")));
        foreach (var (page, i) in pages.Select((page, i) => (page, i)))
        {
            var (own, foreign) = i % 2 == 0 ? ("key-of-subject-1", "key-of-ben") : ("key-of-ben", "key-of-subject-1");
            await page.UntilAsync(p => p.Strings.Contains(own), "Their own key never came");
            Assert.DoesNotContain(page.Strings, text => text.Contains(foreign, StringComparison.Ordinal));
            await page.DisposeAsync();
        }
    }

    private async Task KeyAsync(UserId user, string name) =>
        await _rig.Portal.Services.GetRequiredService<AccessKeys>().CreateAsync(user, name, readOnly: false, servers: null, expiresAt: null, Actor.Page(user), Stop);

    private async Task<string> TokenAsync(string cookies)
    {
        using var browser = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = Portal };
        browser.DefaultRequestHeaders.Add("Cookie", cookies);
        return await HubClient.NegotiateAsync(browser, Stop);
    }
}
