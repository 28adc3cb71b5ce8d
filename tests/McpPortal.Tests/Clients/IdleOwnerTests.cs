using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using McpPortal.Accounts;
using McpPortal.Data;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Clients.Issuers;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.Configuration;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Clients;

/// <summary>Programs of people who have not signed in for long are paused, whatever they come with.</summary>
public sealed class IdleOwnerTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Programs_of_somebody_who_has_been_away_for_too_long_wait_until_they_sign_in_again()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        var (ana, key, hash) = await rig.PersonAsync("ana");
        var (access, _) = await rig.Portal.TokensAsync(ana, await rig.Portal.ClientAsync());
        foreach (var (days, paused) in new[] { (29, false), (31, true), (0, false) })
        {
            // Nobody tells the nodes that time has passed, or that somebody signed in; only what was changed by hand has to be read anew.
            await rig.Portal.SqlAsync($"update users set last_sign_in_at = now() - interval '{days} days' where id = '{ana}'");
            if (paused)
            {
                rig.Portal.Get<McpPortal.Coordination.Invalidations>().Dispatch(default);
            }

            foreach (var credential in (string[])[key, access, rig.Token("ana")])
            {
                await using var mcp = await rig.Portal.Gateway.ConnectAsync("/mcp", credential, "2026-07-28");
                var result = await mcp.CallToolAsync("who__whoami", cancellationToken: Stop);
                var text = string.Concat(result.Content.OfType<TextContentBlock>().Select(block => block.Text));
                Assert.True(paused ? text.Contains("has not signed in", StringComparison.Ordinal) : result.StructuredContent!.Value.GetProperty("sha256").GetString() == hash, text);
            }

            foreach (var path in (string[])["/mcp/tool/call", "/secrets/delete"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, rig.Portal.Address(path)) { Content = JsonContent.Create(new { serverName = "who", methodName = "whoami", secretName = "none" }) };
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
                using var answer = await rig.Portal.Http.SendAsync(request, Stop);
                Assert.Equal(paused ? HttpStatusCode.Forbidden : path == "/mcp/tool/call" ? HttpStatusCode.OK : HttpStatusCode.NotFound, answer.StatusCode);
            }

            // Who is at the console is there.
            Assert.Equal(hash, CallRig.HashIn(await rig.Portal.Gateway.Calls.CallAsync(ana, "who", "whoami")));
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("100000")]
    public void A_limit_that_is_none_is_told_at_start(string days)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("Access:MaxIdleDays", days)]).Build();

        Assert.Contains("Access:MaxIdleDays", Assert.Throws<InvalidOperationException>(() => IdleLimit.Read(settings)).Message, StringComparison.Ordinal);
    }
}
