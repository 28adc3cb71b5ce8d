using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients.Issuers;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Accounts.Jwt;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Clients.OAuth;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Clients.Issuers;

/// <summary>Tokens of external issuers at the gateway: whom they stand for, and everything that is none.</summary>
public sealed class IssuerTokenTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task A_token_calls_as_the_person_who_signs_in_as_its_subject_and_the_record_says_so(string version)
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        var (ana, _, anas) = await rig.PersonAsync("ana");
        var (ben, _, bens) = await rig.PersonAsync("ben", IssuerRig.SecretIssuer);
        var claims = rig.Issuer.Claims("ben", c => (c["iss"], c["aud"]) = (IssuerRig.SecretIssuer, "authenticated"));
        foreach (var (user, token, hash, client) in new[]
        {
            (ana, rig.Token("ana"), anas, $"ana at {rig.Issuer.Issuer}"),
            (ben, rig.Watch(StandInIssuer.Hs256(claims, rig.Secret)), bens, $"ben at {IssuerRig.SecretIssuer}"),
        })
        {
            await using var mcp = await rig.Portal.Gateway.ConnectAsync("/mcp/who", token, version);

            var result = await mcp.CallToolAsync("whoami", cancellationToken: Stop);

            Assert.Equal(hash, result.StructuredContent!.Value.GetProperty("sha256").GetString());
            await CallRig.UntilAsync(async () => (long)(await rig.Portal.SqlAsync($"select count(*) from tool_calls where user_id = '{user}' and client = '{client}' and access_key_id is null"))! == 1, "The call was not recorded.");
        }
    }

    [Fact]
    public async Task AUTH_2_3_4_6_What_is_no_token_of_the_issuer_for_this_portal_is_refused_and_makes_it_fetch_nothing()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        await rig.PersonAsync("ana");
        await rig.LinkAsync((await rig.PersonAsync("ben", IssuerRig.SecretIssuer)).User, "ben", "https://other.example");
        var issuer = rig.Issuer;
        Assert.Equal(HttpStatusCode.OK, await rig.KnockAsync(rig.Token("ana")));
        var (forge, fetched) = (issuer.Forge, issuer.Asked.Count);
        var publicKey = Encoding.ASCII.GetBytes(forge.Rsa.ExportSubjectPublicKeyInfoPem());
        JsonObject Header(Action<JsonObject> change)
        {
            var header = TokenForge.Header();
            change(header);
            return header;
        }

        Dictionary<string, string> bad = new(StringComparer.Ordinal)
        {
            ["alg none"] = $"{TokenForge.Encode(TokenForge.Header("none").ToJsonString())}.{TokenForge.Encode(issuer.Claims("ana").ToJsonString())}.",
            ["HS256 with the public key"] = StandInIssuer.Hs256(issuer.Claims("ana"), publicKey),
            ["HS256 with the other issuer's secret"] = StandInIssuer.Hs256(issuer.Claims("ana"), rig.Secret),
            ["RS256 at the issuer with a secret"] = issuer.Token("ben", c => (c["iss"], c["aud"]) = (IssuerRig.SecretIssuer, "authenticated")),
            ["right kid, wrong key"] = forge.Sign(claims: issuer.Claims("ana"), key: forge.OtherRsa),
            ["jwk in the header"] = forge.Sign(Header(h => h["jwk"] = TokenForge.Jwk(forge.OtherRsa, "rsa")), issuer.Claims("ana"), forge.OtherRsa),
            ["jku in the header"] = forge.Sign(Header(h => h["jku"] = $"{issuer.Issuer}/evil"), issuer.Claims("ana"), forge.OtherRsa),
            ["x5u in the header"] = forge.Sign(Header(h => h["x5u"] = $"{issuer.Issuer}/evil"), issuer.Claims("ana"), forge.OtherRsa),
            ["aud of another application"] = issuer.Token("ana", c => c["aud"] = "another"),
            ["aud missing"] = issuer.Token("ana", c => c.Remove("aud")),
            ["aud shared"] = issuer.Token("ana", c => c["aud"] = new JsonArray(StandInIssuer.Audience, "another")),
            ["iss with a slash"] = issuer.Token("ana", c => c["iss"] = issuer.Issuer + "/"),
            ["iss in other case"] = issuer.Token("ana", c => c["iss"] = issuer.Issuer.ToUpperInvariant()),
            ["iss of nobody configured"] = issuer.Token("ben", c => c["iss"] = "https://other.example"),
            ["an ID token"] = issuer.Token("ana", c => c["nonce"] = "n"),
            ["an ID token beside an access token"] = issuer.Token("ana", c => c["at_hash"] = "x"),
            ["typ of a logout token"] = issuer.Token("ana", header: Header(h => h["typ"] = "logout+jwt")),
            ["a logout token"] = issuer.Token("ana", c => c["events"] = new JsonObject()),
            ["bound to a key"] = issuer.Token("ana", c => c["cnf"] = new JsonObject { ["jkt"] = "x" }),
            ["no subject"] = issuer.Token("ana", c => c.Remove("sub")),
            ["good for a year"] = issuer.Token("ana", c => c["exp"] = Now + 31_536_000),
            ["over 16 KiB"] = issuer.Token("ana", c => c["pad"] = new string('x', 13_000)),
        };
        foreach (var (name, token) in bad)
        {
            var status = await rig.KnockAsync(rig.Watch(token));
            Assert.True(status == HttpStatusCode.Unauthorized, $"{name}: {status}");
        }

        // A token of the issuer with the right key under an unknown name may ask once for newer keys; none of these did.
        Assert.Equal(fetched, issuer.Asked.Count);
        Assert.Equal(HttpStatusCode.OK, await rig.KnockAsync(rig.Token("ana", header: Header(h => h["typ"] = "at+jwt"))));
    }

    [Fact]
    public async Task AUTH_5_The_times_of_a_token_count_to_the_stated_minute()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        await rig.PersonAsync("ana");
        foreach (var (good, change) in new (bool, Action<JsonObject>)[]
        {
            (true, c => c["exp"] = Now - 50), (false, c => c["exp"] = Now - 70), (false, c => c.Remove("exp")), (false, c => c["exp"] = "soon"),
            (true, c => c["nbf"] = Now + 50), (false, c => c["nbf"] = Now + 70),
            (true, c => c["iat"] = Now + 50), (false, c => c["iat"] = Now + 70), (true, c => c.Remove("iat")),
        })
        {
            Assert.Equal(good, await rig.JudgeAsync(rig.Token("ana", change)) is IssuerVerdict.Accepted);
        }

        // What was taken is not taken any longer than it says.
        var ending = rig.Token("ana", c => c["exp"] = Now - 58);
        Assert.Equal(HttpStatusCode.OK, await rig.KnockAsync(ending));
        await CallRig.UntilAsync(async () => await rig.KnockAsync(ending) == HttpStatusCode.Unauthorized, "It is still taken.", seconds: 5);
    }

    [Fact]
    public async Task DOS_9_A_flood_of_unknown_keys_makes_the_portal_ask_once_and_a_known_one_goes_on()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        await rig.PersonAsync("ana");
        Assert.Equal(HttpStatusCode.OK, await rig.KnockAsync(rig.Token("ana")));

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => rig.JudgeAsync(rig.Issuer.Token("ana", header: TokenForge.Header(keyId: $"unknown-{i}")))));

        Assert.All(verdicts, verdict => Assert.Equal(IssuerVerdict.Refused, verdict));
        Assert.True(rig.Issuer.Asked.Count(path => path == "/jwks") <= 2, string.Join(' ', rig.Issuer.Asked));
        Assert.Equal(HttpStatusCode.OK, await rig.KnockAsync(rig.Token("ana", c => c["jti"] = "another")));

        // And from one address the portal does not even look at them for long.
        List<HttpStatusCode> answers = [];
        for (var i = 0; i < 40; i++)
        {
            answers.Add(await rig.KnockAsync(rig.Issuer.Token("ana", c => c["aud"] = $"a{i}")));
        }

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests], answers.Distinct());
    }

    [Fact]
    public async Task AUTH_7_A_subject_is_somebody_at_its_own_issuer_only_and_nobody_by_name_or_address()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        var (ana, _, hash) = await rig.PersonAsync("ana");
        var elsewhere = rig.Watch(StandInIssuer.Hs256(rig.Issuer.Claims("ana", c => (c["iss"], c["aud"]) = (IssuerRig.SecretIssuer, "authenticated")), rig.Secret));
        var stranger = rig.Token("a-stranger", c => c["email"] = "ana@sandbox.test");

        // Both are good tokens; who they mean has never signed in here.
        foreach (var token in (string[])[elsewhere, stranger])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, rig.Portal.Address("/mcp")) { Content = JsonContent.Create(new { }), Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
            using var answer = await rig.Portal.Http.SendAsync(request, Stop);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("/profile", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        }

        // They are known as soon as they have signed in, and are themselves.
        var (ben, _, bens) = await rig.Portal.Gateway.PersonAsync("ben");
        await rig.LinkAsync(ben, "a-stranger", rig.Issuer.Issuer);
        foreach (var (token, expected) in new[] { (stranger, bens), (rig.Token("ana"), hash) })
        {
            await using var mcp = await rig.Portal.Gateway.ConnectAsync("/mcp/who", token);
            Assert.Equal(expected, (await mcp.CallToolAsync("whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
        }

        Assert.Equal(HttpStatusCode.Forbidden, await rig.KnockAsync(elsewhere));
        Assert.NotEqual(ana, ben);
    }

    [Fact]
    public async Task AUTH_9_11_A_token_opens_nothing_but_mcp_and_only_alone_in_the_header()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        var (_, key, _) = await rig.PersonAsync("ana");
        var token = rig.Token("ana");
        foreach (var path in (string[])["/mcp/tool/call", "/secrets/set", "/secrets/delete"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await rig.KnockAsync(token, path));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.Portal.KnockAsync(null, $"/mcp?access_token={token}")).Status);
        foreach (var (authorization, apiKey) in ((string[], string?)[])[([$"Bearer {token}"], key), ([$"Bearer {token}", $"Bearer {key}"], null), ([$"Bearer {token}, Bearer {key}"], null), ([$"Bearer {key}"], token)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, rig.Portal.Address("/mcp")) { Content = JsonContent.Create(new { }) };
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            if (apiKey is not null)
            {
                request.Headers.Add("X-Api-Key", apiKey);
            }

            using var answer = await rig.Portal.Http.SendAsync(request, Stop);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        using var page = new HttpRequestMessage(HttpMethod.Get, rig.Portal.Address("/test/whoami")) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var who = await rig.Portal.Http.SendAsync(page, Stop);
        Assert.Equal("nobody", await who.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task OA_17_The_token_of_the_caller_never_reaches_a_server()
    {
        await using var server = await HostileServer.StartAsync();
        await using var rig = await IssuerRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Authority));
        var (ana, _, _) = await rig.PersonAsync("ana");
        await rig.Portal.Gateway.Calls.AddServerAsync(ana, "acts", server.Url);
        var token = rig.Token("ana");
        await using var mcp = await rig.Portal.Gateway.ConnectAsync("/mcp/acts", token);

        await mcp.CallToolAsync("act", cancellationToken: Stop);

        Assert.Contains(server.Requests, heard => heard.Tool == "act");
        Assert.All(server.Requests, heard =>
        {
            Assert.DoesNotContain("Authorization", heard.Headers.Keys, StringComparer.OrdinalIgnoreCase);
            Assert.DoesNotContain(token, heard.Body + string.Join('\n', heard.Headers.Values), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_person_who_is_disabled_is_out_on_the_other_node_within_two_seconds_and_back_when_enabled()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        await using var two = await rig.Portal.Portal.AnotherNodeAsync(
            rig.Portal.Portal.Database, rig.Portal.Gateway.Calls.Sandbox.Address, Ports.Free(), IssuerRig.Settings(rig.Issuer, Encoding.UTF8.GetString(rig.Secret)));
        var (ana, _, _) = await rig.PersonAsync("ana");
        var token = rig.Token("ana");
        foreach (var address in (string?[])[null, two.Address])
        {
            Assert.Equal(HttpStatusCode.OK, await rig.KnockAsync(token, address: address));
        }

        Assert.Equal(UserChange.Done, await rig.Portal.Get<Users>().DisableAsync(ana, Actor.CommandLine, Stop));
        Assert.Equal(HttpStatusCode.Unauthorized, await rig.KnockAsync(token));
        await CallRig.UntilAsync(async () => await rig.KnockAsync(token, address: two.Address) == HttpStatusCode.Unauthorized, "Still let in on the other node.", seconds: 2);

        Assert.Equal(UserChange.Done, await rig.Portal.Get<Users>().EnableAsync(ana, Actor.CommandLine, Stop));
        await CallRig.UntilAsync(async () => await rig.KnockAsync(token, address: two.Address) == HttpStatusCode.OK, "Still kept out on the other node.", seconds: 2);
    }

    [Fact]
    public async Task A_token_that_was_here_before_costs_neither_a_question_to_the_database_nor_a_key()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        await rig.PersonAsync("ana");
        var token = rig.Token("ana");
        Assert.Equal(HttpStatusCode.OK, await rig.KnockAsync(token));
        var asked = rig.Issuer.Asked.Count;
        await rig.Portal.SqlAsync("alter table identities rename to identities_away");

        Assert.Equal(HttpStatusCode.OK, await rig.KnockAsync(token));
        Assert.Equal(asked, rig.Issuer.Asked.Count);
    }

    [Fact]
    public async Task A_request_that_stays_open_ends_with_its_token()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        await rig.PersonAsync("ana");
        using var ending = await OpenRequestTests.ListenAsync(rig.Portal, rig.Portal.Portal.Address, rig.Token("ana", c => c["exp"] = Now - 55));
        using var lasting = await OpenRequestTests.ListenAsync(rig.Portal, rig.Portal.Portal.Address, rig.Token("ana"));

        var ended = OpenRequestTests.EndAsync(ending);
        Assert.Equal(ended, await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(12), Stop)));
        var still = OpenRequestTests.EndAsync(lasting);
        Assert.NotEqual(still, await Task.WhenAny(still, Task.Delay(TimeSpan.FromMilliseconds(300), Stop)));
    }

    [Fact]
    public async Task Scopes_limit_what_a_token_may_do_where_the_issuer_gives_them()
    {
        await using var server = await HostileServer.StartAsync();
        await using var rig = await IssuerRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Authority), ("Access:Issuers:0:ScopeClaim", "scp"));
        var (ana, _, _) = await rig.PersonAsync("ana");
        await rig.Portal.Gateway.Calls.AddServerAsync(ana, "acts", server.Url);
        foreach (var none in (JsonNode?[])[null, "openid profile", "mcp:readall", new JsonArray("mcp")])
        {
            var (status, challenge) = await rig.Portal.KnockAsync(rig.Token("ana", c => c["scp"] = none?.DeepClone()));
            Assert.Equal(HttpStatusCode.Forbidden, status);
            Assert.Contains("insufficient_scope", challenge!, StringComparison.Ordinal);
        }

        foreach (var (scope, calls) in ((string, int)[])[("openid mcp:read", 0), ("mcp:read mcp:call", 1)])
        {
            var before = server.Count("tools/call");
            await using var mcp = await rig.Portal.Gateway.ConnectAsync("/mcp/acts", rig.Token("ana", c => c["scp"] = scope));
            var result = await mcp.CallToolAsync("act", cancellationToken: Stop);
            Assert.Equal(calls == 0, result.IsError ?? false);
            Assert.Equal(calls, server.Count("tools/call") - before);
        }
    }

    [Fact]
    public async Task A_shared_audience_is_taken_only_where_the_configuration_says_so()
    {
        await using var rig = await IssuerRig.StartAsync(cluster, ("Access:Issuers:0:AllowSharedAudience", "true"));
        await rig.PersonAsync("ana");

        Assert.IsType<IssuerVerdict.Accepted>(await rig.JudgeAsync(rig.Token("ana", c => c["aud"] = new JsonArray(StandInIssuer.Audience, "another"))));
        Assert.Equal(IssuerVerdict.Refused, await rig.JudgeAsync(rig.Token("ana", c => c["aud"] = new JsonArray("one", "another"))));
    }

    [Fact]
    public async Task An_issuer_whose_document_names_another_or_whose_keys_cannot_be_had_lets_nobody_in()
    {
        await using var rig = await IssuerRig.StartAsync(cluster, ("Access:Issuers:0:JwksUri", "http://127.0.0.1:1/jwks"));
        await rig.PersonAsync("ana");
        Assert.Equal(IssuerVerdict.Refused, await rig.JudgeAsync(rig.Token("ana")));

        await using var other = await IssuerRig.StartAsync(cluster);
        other.Issuer.Named = "https://other.example";
        await other.PersonAsync("ana");
        Assert.Equal(IssuerVerdict.Refused, await other.JudgeAsync(other.Token("ana")));
        Assert.DoesNotContain("/jwks", other.Issuer.Asked);
    }
}
