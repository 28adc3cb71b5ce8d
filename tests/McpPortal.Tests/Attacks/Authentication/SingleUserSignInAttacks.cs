using System.Net;
using McpPortal.Data;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Authentication;

public sealed class SingleUserSignInAttacks(PostgresCluster cluster) : IAsyncLifetime
{
    private PortalHost _host = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await SingleUserHost.StartAsync(cluster);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("localhost:5080", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]:5080", HttpStatusCode.OK)]
    [InlineData("evil.com", HttpStatusCode.BadRequest)]
    [InlineData("localhost.evil.com", HttpStatusCode.BadRequest)]
    [InlineData("evil.localhost", HttpStatusCode.BadRequest)]
    [InlineData("127.0.0.1.evil.com", HttpStatusCode.BadRequest)]
    [InlineData("0.0.0.0", HttpStatusCode.BadRequest)]
    public async Task AUTH_12_A_name_that_somebody_pointed_at_this_machine_is_refused(string name, HttpStatusCode expected)
    {
        using var browser = _host.Browser();
        foreach (var path in (string[])["/healthz", "/signin", "/openapi/v1.json"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = name } };
            using var answer = await browser.SendAsync(request, Stop);
            Assert.True(answer.StatusCode == expected, $"{path} as {name}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task AUTH_10_A_key_that_is_wrong_limited_or_over_signs_nobody_in_and_is_not_shown_again()
    {
        string[] keys =
        [
            "", "not-a-key", (await _host.KeyAsync())[..^1] + "0", await _host.KeyAsync(readOnly: true), await _host.KeyAsync(servers: [ServerId.New()]),
            await _host.KeyAsync(expires: TimeProvider.System.GetUtcNow().AddSeconds(-1)),
        ];
        foreach (var key in keys)
        {
            using var browser = _host.Browser();
            var (status, page, headers) = await browser.SignInAsync(key);
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.Contains("field-bad", page, StringComparison.Ordinal);
            Assert.True(headers.CacheControl!.NoStore);
            Assert.True(key.Length == 0 || !page.Contains(key, StringComparison.Ordinal));
            Assert.Equal("nobody", await browser.WhoAsync());
        }
    }

    [Fact]
    public async Task DOS_6_Guessing_keys_is_limited()
    {
        using var browser = _host.Browser();
        for (var i = 0; i < 500; i++)
        {
            var (status, _, headers) = await browser.SignInAsync("mcpp_guess");
            if (status == HttpStatusCode.TooManyRequests)
            {
                Assert.True(headers.RetryAfter?.Delta > TimeSpan.Zero);
                return;
            }
        }

        Assert.Fail("500 guesses were answered.");
    }

    [Theory]
    [InlineData("//evil.com")]
    [InlineData("/\\evil.com")]
    [InlineData("https://evil.com/")]
    public async Task OA_6_The_sign_in_leads_to_no_other_site(string returnUrl)
    {
        using var browser = _host.Browser();
        var (status, back, _) = await browser.SignInAsync(await _host.KeyAsync(), returnUrl);
        Assert.Equal((HttpStatusCode.Found, new Uri(_host.Address + "/")), (status, new Uri(new Uri(_host.Address), back)));
    }

    [Fact]
    public async Task BLZ_9_A_page_elsewhere_cannot_send_the_form()
    {
        using var browser = _host.Browser();
        var form = new FormUrlEncodedContent([KeyValuePair.Create("_handler", "sign-in"), KeyValuePair.Create("key", await _host.KeyAsync())]);
        using var answer = await browser.PostAsync(new Uri("/signin", UriKind.Relative), form, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("nobody", await browser.WhoAsync());
    }
}
