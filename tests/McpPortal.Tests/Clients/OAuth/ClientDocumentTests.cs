using System.Net;
using McpPortal.Outbound;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.Http;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>A client whose id is the address of a document: the portal reads it, and lets nobody make it read anything else.</summary>
public sealed class ClientDocumentTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_with_a_document_needs_no_registration()
    {
        await using var publisher = await HostileServer.StartAsync();
        await using var rig = await OAuthRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", publisher.Authority));
        var client = $"http://{publisher.Authority}/client.json";
        publisher.Misbehave = (_, context) => HostileServer.SendAsync(context, $$"""{"client_id":"{{client}}","client_name":"Published","redirect_uris":["{{OAuthRig.Redirect}}","http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}""");
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");

        var (_, html, _) = await rig.AskAsync(await rig.CookieAsync(ana), OAuthRig.Question(client));
        var (access, _) = await rig.TokensAsync(ana, client);

        Assert.Contains("Let Published use your tools?", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        Assert.Contains("in a document at 127.0.0.1", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access)).Status);
        Assert.Equal("Published", (await rig.OnlyGrantAsync(ana)).Name);

        // Page, form and exchange asked for it once, and kept it once.
        Assert.Equal((1, 1L, 1L), (publisher.Requests.Count, await rig.SqlAsync("select count(*) from oauth_clients"), await rig.AuditedAsync("ClientRegistered")));
        var (other, _, _) = await rig.AskAsync(await rig.CookieAsync(ana), OAuthRig.Question(client, ("redirect_uri", "https://evil.example/callback")));
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
    }

    [Fact]
    public async Task A_document_that_is_not_the_clients_is_none()
    {
        await using var publisher = await HostileServer.StartAsync();
        await using var rig = await OAuthRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", publisher.Authority));
        var cookie = await rig.CookieAsync((await rig.Gateway.PersonAsync("ana")).User);
        string Id(int number) => $"http://{publisher.Authority}/{number}.json";
        string Document(string id, string more = "") => $$"""{"client_id":"{{id}}","redirect_uris":["{{OAuthRig.Redirect}}"]{{more}}}""";
        Func<string, HttpContext, Task<bool>>[] wrong =
        [
            (id, context) => HostileServer.SendAsync(context, Document(id + "x")),
            (id, context) => HostileServer.SendAsync(context, Document(id.ToUpperInvariant())),
            (id, context) => HostileServer.SendAsync(context, Document(id, ",\"client_id\":\"x\"")),
            (id, context) => HostileServer.SendAsync(context, Document(id, ",\"token_endpoint_auth_method\":\"client_secret_basic\"")),
            (id, context) => HostileServer.SendAsync(context, Document(id).Replace(OAuthRig.Redirect, "javascript:alert(1)", StringComparison.Ordinal)),
            (id, context) => HostileServer.SendAsync(context, Document(id, $",\"x\":\"{new string('x', 20_000)}\"")),
            (id, context) => HostileServer.SendAsync(context, Document(id), status: 404),
            (_, context) => HostileServer.SendAsync(context, "<html>"),
            (_, context) =>
            {
                context.Response.Redirect($"http://{publisher.Authority}/elsewhere.json");
                return Task.FromResult(true);
            },
            (_, context) => HostileServer.HangAsync(context),
        ];
        for (var i = 0; i < wrong.Length; i++)
        {
            var (number, answerAs) = (i, wrong[i]);
            publisher.Misbehave = (_, context) => answerAs(Id(number), context);

            var (answer, html, _) = await rig.AskAsync(cookie, OAuthRig.Question(Id(number)));

            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{number}: {(int)answer.StatusCode}");
            Assert.DoesNotContain("Tell ", html, StringComparison.Ordinal);
        }

        Assert.Equal(wrong.Length, publisher.Requests.Count);
        Assert.Equal(0L, await rig.SqlAsync("select count(*) from oauth_clients"));
    }

    [Fact]
    public async Task SSRF_1_A_document_inside_is_not_fetched()
    {
        await using var inside = await HostileServer.StartAsync();
        await using var rig = await OAuthRig.StartAsync(cluster);
        var cookie = await rig.CookieAsync((await rig.Gateway.PersonAsync("ana")).User);
        var port = inside.Authority.Split(':')[1];
        string[] addresses =
        [
            $"http://{inside.Authority}/client.json", $"https://{inside.Authority}/client.json", $"https://localhost:{port}/client.json", $"https://[::ffff:127.0.0.1]:{port}/client.json",
            "https://169.254.169.254/latest/meta-data", "http://169.254.169.254/latest/meta-data", "https://10.0.0.1/client.json", "https://[::1]/client.json", "https://0x7f000001/client.json",
            "https://user@client.example/client.json", "https://client.example/client.json#x", "https://client.example/a/../client.json", "https://client.example", "https://client.example/",
        ];
        foreach (var address in addresses)
        {
            var (answer, html, _) = await rig.AskAsync(cookie, OAuthRig.Question(address));

            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{address}: {(int)answer.StatusCode}");
            Assert.DoesNotContain("Allow</button>", html, StringComparison.Ordinal);
        }

        Assert.Empty(inside.Requests);
    }

    [Fact]
    public async Task What_an_administrator_opened_for_servers_is_not_open_for_documents()
    {
        await using var inside = await HostileServer.StartAsync();
        using var production = new OutboundGuard(new OutboundOptions { AllowedHosts = ["intern.example:443"] }, development: false, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        using var http = production.Create(OutboundPurpose.ClientDocument);

        await Assert.ThrowsAsync<OutboundRefusedException>(() => http.GetAsync(new Uri("https://intern.example/client.json"), Stop));
        Assert.NotNull(production.Refusal(new Uri($"http://{inside.Authority}/client.json"), OutboundPurpose.ClientDocument));
    }
}
