using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Clients.ActAs;
using McpPortal.Data;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;
using ModelContextProtocol.Client;

namespace McpPortal.Tests.Clients.ActAs;

/// <summary>Programs act for people who let them, call tools and do nothing else; and everybody else is nobody.</summary>
public sealed class ActAsTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_program_calls_with_the_credential_of_whom_it_names_and_the_record_names_both()
    {
        await using var rig = await ActAsRig.StartAsync(cluster);
        var (ana, _, anas) = await rig.PersonAsync("ana");
        var (_, _, bens) = await rig.PersonAsync("ben");
        foreach (var (name, hash) in new[] { ("ana@sandbox.test", anas), ("ANA@sandbox.test", anas), (ana.ToString(), anas), ("https://login.example|ana", anas), ("ben@sandbox.test", bens) })
        {
            foreach (var (status, body) in new[] { await rig.CallAsync(name), await rig.AskAsync(name) })
            {
                Assert.True(status == HttpStatusCode.OK && body.Contains(hash, StringComparison.Ordinal), $"{name}: {status} {body}");
            }
        }

        foreach (var version in (string[])["2025-11-25", "2026-07-28"])
        {
            await using var mcp = await rig.ConnectAsync("/mcp", "ana@sandbox.test", version);
            Assert.Contains(await mcp.ListToolsAsync(cancellationToken: Stop), tool => tool.Name == "who__whoami");
            Assert.Equal(anas, (await mcp.CallToolAsync("who__whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
        }

        await CallRig.UntilAsync(
            async () => (long)(await rig.SqlAsync($"select count(*) from tool_calls where user_id = '{ana}' and service_key_id = '{rig.KeyId}' and client = '{ActAsRig.Program}' and access_key_id is null"))! == 10, "Not every call was recorded.");
        var seen = await rig.Get<ActivityQueries>().ListAsync(ana, ActivityFilter.None, [], 50, Stop);
        Assert.All(seen, row => Assert.True(row is { IsActing: true, Client: ActAsRig.Program }));
    }

    [Fact]
    public async Task AZ_11_Whoever_does_not_let_the_program_is_the_same_nobody_as_who_does_not_exist()
    {
        await using var rig = await ActAsRig.StartAsync(cluster);
        var (ana, anasKey, _) = await rig.PersonAsync("ana");
        await rig.PersonAsync("off", allows: false);
        await rig.PersonAsync("left", member: false);
        var (gone, _, _) = await rig.PersonAsync("gone");
        Assert.Equal(UserChange.Done, await rig.Get<Users>().DisableAsync(gone, Actor.CommandLine, Stop));
        await rig.PersonAsync("twin");
        await rig.Gateway.Calls.AddUserAsync("twin");
        var (unsure, _, _) = await rig.PersonAsync("unsure");
        await rig.SqlAsync($"update users set email_verified = false where id = '{unsure}'");
        string[] nobodies =
        [
            "nobody@sandbox.test", "off@sandbox.test", "left@sandbox.test", "gone@sandbox.test", "twin@sandbox.test", "unsure@sandbox.test", "https://login.example|off", "https://LOGIN.example|ana", "https://login.example|",
            "ana", "%", Guid.NewGuid().ToString(), Guid.Empty.ToString(), new string('a', 5000),
        ];
        List<string> answers = [];
        foreach (var name in nobodies)
        {
            foreach (var (status, body) in new[] { await rig.CallAsync(name), await rig.AskAsync(name), await rig.AskAsync(name, path: "/mcp") })
            {
                Assert.True(status == HttpStatusCode.NotFound, $"{name}: {status} {body}");
                answers.Add(body);
            }
        }

        // Nor does another person's own key, or a key of nobody, act for anybody.
        foreach (var key in (string[])[(await rig.Gateway.PersonAsync("eve")).Key, anasKey])
        {
            foreach (var name in (string[])["off@sandbox.test", "nobody@sandbox.test"])
            {
                answers.Add((await rig.CallAsync(name, key)).Body);
                answers.Add((await rig.AskAsync(name, key: key)).Body);
            }
        }

        Assert.Single(answers.Distinct(StringComparer.Ordinal));
        await Task.Delay(300, Stop);
        Assert.Equal(0L, await rig.SqlAsync("select count(*) from tool_calls"));
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(ana.ToString())).Status);
    }

    [Fact]
    public async Task AZ_8_A_service_key_calls_tools_and_opens_nothing_else()
    {
        await using var rig = await ActAsRig.StartAsync(cluster);
        var (ana, _, hash) = await rig.PersonAsync("ana");
        foreach (var path in (string[])["/secrets/set", "/secrets/delete"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await rig.CallAsync("ana@sandbox.test", path: path)).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await rig.CallAsync(null, path: path)).Status);
        }

        foreach (var (method, parameters) in new (string, JsonObject)[]
        {
            ("resources/list", []), ("resources/read", new JsonObject { ["uri"] = "file:///x" }), ("prompts/list", []), ("prompts/get", new JsonObject { ["name"] = "x" }),
            ("completion/complete", []), ("subscriptions/listen", new JsonObject { ["notifications"] = new JsonObject { ["toolsListChanged"] = true } }),
        })
        {
            var (_, body) = await rig.AskAsync("ana@sandbox.test", method, parameters: parameters);
            Assert.True(body.Contains("may list and call tools, and nothing else", StringComparison.Ordinal), $"{method}: {body}");
        }

        // What is missing is said, and nobody is sent to connect it for somebody else.
        await rig.Gateway.Calls.AddServerAsync(ana, "other", rig.Gateway.Calls.Whoami, CallRig.Header);
        var (_, missing) = await rig.AskAsync("ana@sandbox.test", path: "/mcp/other");
        Assert.Contains("isError", missing, StringComparison.Ordinal);
        Assert.DoesNotContain("/continue/", missing, StringComparison.Ordinal);
        Assert.DoesNotContain("input_required", missing, StringComparison.Ordinal);

        foreach (var page in (string[])["/access", "/admin/programs", "/test/whoami"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, rig.Gateway.Address(page)) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", rig.Key) } };
            request.Headers.Add(ServiceKeyHandler.UserHeader, "ana@sandbox.test");
            using var answer = await rig.Gateway.Http.SendAsync(request, Stop);
            Assert.True(page == "/test/whoami" ? await answer.Content.ReadAsStringAsync(Stop) == "nobody" : answer.StatusCode is HttpStatusCode.Found or HttpStatusCode.Unauthorized, page);
        }

        Assert.Contains(hash, (await rig.CallAsync("ana@sandbox.test")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AUTH_11_One_key_and_one_name_or_none_of_it()
    {
        await using var rig = await ActAsRig.StartAsync(cluster);
        var (_, anasKey, _) = await rig.PersonAsync("ana");
        await rig.PersonAsync("ben");

        Assert.Equal(HttpStatusCode.BadRequest, (await rig.CallAsync(null)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await rig.CallAsync("")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await rig.AskAsync(null)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await rig.AskAsync("ana@sandbox.test, ben@sandbox.test")).Status);
        foreach (var path in (string[])["/mcp", "/mcp/tool/call"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, rig.Gateway.Address(path)) { Content = JsonContent.Create(new { username = "ana@sandbox.test", serverName = "who", methodName = "whoami" }) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", anasKey);
            request.Headers.Add("X-Api-Key", rig.Key);
            request.Headers.Add(ServiceKeyHandler.UserHeader, "ana@sandbox.test");
            using var answer = await rig.Gateway.Http.SendAsync(request, Stop);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        // Its secret counts, not only its id; and it is no key in the address.
        var (other, id) = await rig.AnotherKeyAsync();
        await rig.SqlAsync($"update service_keys set hash = decode(repeat('00', 32), 'hex') where id = '{id}'");
        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.CallAsync("ana@sandbox.test", other)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.AskAsync("ana@sandbox.test", key: other)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.CallAsync("ana@sandbox.test", "none", $"/mcp/tool/call?access_token={rig.Key}&api_key={rig.Key}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync("ana@sandbox.test")).Status);
    }

    [Fact]
    public async Task What_is_switched_off_revoked_left_or_disabled_ends_on_the_other_node_within_two_seconds()
    {
        await using var rig = await ActAsRig.StartAsync(cluster);
        await using var two = await rig.Gateway.Calls.Portal.AnotherNodeAsync(rig.Gateway.Calls.Portal.Database, rig.Gateway.Calls.Sandbox.Address, Ports.Free());
        var (off, _, _) = await rig.PersonAsync("off");
        var (left, _, _) = await rig.PersonAsync("left");
        var (gone, _, _) = await rig.PersonAsync("gone");
        await rig.PersonAsync("last");
        foreach (var (name, status, end) in new (string, HttpStatusCode, Func<Task>)[]
        {
            ("off", HttpStatusCode.NotFound, async () => Assert.True(await rig.AllowAsync(off, false))),
            ("left", HttpStatusCode.NotFound, () => rig.LeaveAsync(left)),
            ("gone", HttpStatusCode.NotFound, async () => Assert.Equal(UserChange.Done, await rig.Get<Users>().DisableAsync(gone, Actor.CommandLine, Stop))),
            ("last", HttpStatusCode.Unauthorized, async () => Assert.True(await rig.Get<ServiceKeys>().RevokeAsync(rig.KeyId, Actor.CommandLine, Stop))),
        })
        {
            var address = $"{name}@sandbox.test";
            foreach (var node in (string?[])[null, two.Address])
            {
                Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(address, address: node)).Status);
                Assert.Equal(HttpStatusCode.OK, (await rig.AskAsync(address, address: node)).Status);
            }

            await end();
            Assert.Equal(status, (await rig.CallAsync(address)).Status);
            Assert.Equal(status, (await rig.AskAsync(address)).Status);
            await CallRig.UntilAsync(async () => (await rig.CallAsync(address, address: two.Address)).Status == status && (await rig.AskAsync(address, address: two.Address)).Status == status, $"{name} is still acted for on the other node.", seconds: 2);
        }

        // And on again, for whoever wants it.
        var (key, id) = await rig.AnotherKeyAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await rig.CallAsync("off@sandbox.test", key)).Status);
        Assert.True(await rig.Get<ActAsConsents>().SetAsync(off, id, allowed: true, Actor.Page(off), Stop));
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync("off@sandbox.test", key)).Status);
    }

    [Fact]
    public async Task An_address_that_moved_to_another_person_names_nobody_who_allowed_it_before()
    {
        await using var rig = await ActAsRig.StartAsync(cluster);
        var (_, _, hash) = await rig.PersonAsync("ana");
        Assert.Contains(hash, (await rig.CallAsync("ana@sandbox.test")).Body, StringComparison.Ordinal);

        await SignInAsync(rig, "ana", "anna@sandbox.test");
        Assert.Equal(HttpStatusCode.NotFound, (await rig.CallAsync("ana@sandbox.test")).Status);
        Assert.Contains(hash, (await rig.CallAsync("anna@sandbox.test")).Body, StringComparison.Ordinal);

        // A newcomer with the same verified address makes it mean nobody.
        await SignInAsync(rig, "somebody-new", "anna@sandbox.test");
        Assert.Equal(HttpStatusCode.NotFound, (await rig.CallAsync("anna@sandbox.test")).Status);
        Assert.Contains(hash, (await rig.CallAsync("https://login.example|ana")).Body, StringComparison.Ordinal);

        static async Task SignInAsync(ActAsRig rig, string subject, string email) => Assert.IsType<SignInOutcome.Accepted>(await rig.Get<SignIns>().BeginAsync(
            new OidcIdentity { Issuer = "https://login.example", Subject = subject, Email = email, EmailVerified = true }, null, Stop));
    }

    [Fact]
    public async Task A_call_for_somebody_who_was_acted_for_before_asks_the_database_nothing()
    {
        await using var rig = await ActAsRig.StartAsync(cluster);
        var (_, _, hash) = await rig.PersonAsync("ana");
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync("ana@sandbox.test")).Status);
        Assert.Equal(HttpStatusCode.OK, (await rig.AskAsync("ana@sandbox.test")).Status);

        await rig.SqlAsync("alter table service_keys rename to service_keys_away; alter table act_as_consents rename to act_as_consents_away; alter table group_members rename to group_members_away");

        Assert.Contains(hash, (await rig.CallAsync("ana@sandbox.test")).Body, StringComparison.Ordinal);
        Assert.Contains(hash, (await rig.AskAsync("ana@sandbox.test")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_programs_sessions_are_its_own_and_take_nobody_elses_place()
    {
        await using var rig = await ActAsRig.StartAsync(cluster, ("Gateway:MaxSessionsPerUser", "2"));
        var (ana, anasKey, _) = await rig.PersonAsync("ana");
        await using var own = await rig.Gateway.ConnectAsync("/mcp/who", anasKey, "2025-11-25");
        await own.CallToolAsync("whoami", cancellationToken: Stop);
        List<McpClient> opened = [];
        for (var i = 0; i < 2; i++)
        {
            opened.Add(await rig.ConnectAsync("/mcp/who", "ana@sandbox.test", "2025-11-25"));
            await opened[^1].CallToolAsync("whoami", cancellationToken: Stop);
            var (status, _) = await rig.PostAsync(null, "/mcp/who", rig.Key, "ana@sandbox.test", new { jsonrpc = "2.0", id = 1, method = "tools/list" }, request => request.Headers.Add("Mcp-Session-Id", own.SessionId!));
            Assert.Equal(HttpStatusCode.NotFound, status);
        }

        var rows = await SessionRig.RowsAsync(rig.Gateway.Calls.Portal, ana);
        Assert.Equal([null, rig.KeyId, rig.KeyId], rows.Select(row => row.ServiceKeyId));
        Assert.All(rows, row => Assert.Null(row.EndedAt));
        Assert.Equal(ActAsRig.Program, rows[1].OpenedWith);

        // What it was allowed ends its sessions and no others, and the registry knows why.
        Assert.True(await rig.AllowAsync(ana, false));
        await CallRig.UntilAsync(async () => (await SessionRig.RowsAsync(rig.Gateway.Calls.Portal, ana)).Count(row => row.EndReason == SessionEnd.AccessChanged) == 2, "The program's sessions live on.", 2);
        Assert.Null((await SessionRig.RowsAsync(rig.Gateway.Calls.Portal, ana))[0].EndedAt);
        Assert.False((await own.CallToolAsync("whoami", cancellationToken: Stop)).IsError ?? false);
        foreach (var mcp in opened)
        {
            await mcp.DisposeAsync();
        }
    }

    [Fact]
    public async Task Only_members_switch_a_program_on_each_for_themselves_and_it_is_audited()
    {
        await using var rig = await ActAsRig.StartAsync(cluster);
        var (ana, _, _) = await rig.PersonAsync("ana", allows: false);
        var (eve, _, _) = await rig.Gateway.PersonAsync("eve");
        var consents = rig.Get<ActAsConsents>();

        Assert.Null(Assert.Single(await consents.ListAsync(ana, Stop)).AllowedSince);
        Assert.Empty(await consents.ListAsync(eve, Stop));
        Assert.False(await consents.SetAsync(eve, rig.KeyId, allowed: true, Actor.Page(eve), Stop));
        Assert.False(await consents.SetAsync(ana, rig.KeyId, allowed: true, Actor.Page(eve), Stop));
        Assert.False(await consents.SetAsync(ana, "000000000000", allowed: true, Actor.Page(ana), Stop));
        Assert.Equal(0L, await rig.SqlAsync("select count(*) from act_as_consents"));

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => consents.SetAsync(ana, rig.KeyId, allowed: true, Actor.Page(ana), Stop))), Assert.True);
        Assert.NotNull(Assert.Single(await consents.ListAsync(ana, Stop)).AllowedSince);
        Assert.Equal(1, Assert.Single(await rig.Get<ServiceKeys>().ListAsync(Stop)).Allowing);
        Assert.True(await consents.SetAsync(ana, rig.KeyId, allowed: false, Actor.Page(ana), Stop));
        Assert.Equal(1L, await rig.SqlAsync($"select count(*) from audit_entries where action = 'ActAsAllowed' and subject_id = '{rig.KeyId}' and actor_id = '{ana}'"));
        Assert.Equal(1L, await rig.SqlAsync($"select count(*) from audit_entries where action = 'ActAsWithdrawn' and subject_id = '{rig.KeyId}' and actor_id = '{ana}'"));

        Assert.True(await rig.Get<ServiceKeys>().RevokeAsync(rig.KeyId, Actor.CommandLine, Stop));
        Assert.Empty(await consents.ListAsync(ana, Stop));
        Assert.False(await consents.SetAsync(ana, rig.KeyId, allowed: true, Actor.Page(ana), Stop));
        Assert.Equal(1L, await rig.SqlAsync("select count(*) from audit_entries where action = 'ServiceKeyCreated'"));
        Assert.Equal(1L, await rig.SqlAsync("select count(*) from audit_entries where action = 'ServiceKeyRevoked'"));
    }
}
