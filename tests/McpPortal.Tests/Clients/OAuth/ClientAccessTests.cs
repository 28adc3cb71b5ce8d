using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;
using McpPortal.Toolsets;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>A token acts for the person who consented, at the endpoint they consented to, until it ends.</summary>
public sealed class ClientAccessTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task Everybodys_client_calls_with_their_own_credential_under_its_own_name(string version)
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var client = await rig.ClientAsync();
        foreach (var name in (string[])["ana", "ben"])
        {
            var (user, _, hash) = await rig.Gateway.PersonAsync(name);
            var (access, _) = await rig.TokensAsync(user, client);
            await using var mcp = await rig.Gateway.ConnectAsync("/mcp", access, version);

            var result = await mcp.CallToolAsync("who__whoami", cancellationToken: Stop);

            Assert.Equal(hash, result.StructuredContent!.Value.GetProperty("sha256").GetString());
            await CallRig.UntilAsync(async () => (long)(await rig.SqlAsync($"select count(*) from tool_calls where user_id = '{user}' and tool = 'whoami' and client = 'A client' and access_key_id is null"))! == 1, "The call was not recorded.");
            await rig.Get<ClientGrantUses>().WriteAsync(Stop);
            Assert.NotNull((await rig.OnlyGrantAsync(user)).LastUsedAt);
        }
    }

    [Fact]
    public async Task A_token_for_one_server_is_refused_everywhere_else()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        await rig.Gateway.PersonAsync("ana2", "other");
        var client = await rig.ClientAsync();
        var (one, _) = await rig.TokensAsync(ana, client, ("resource", rig.Resource("/mcp/who")));
        var (all, _) = await rig.TokensAsync(ana, client, ("resource", rig.Resource()));

        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(one, "/mcp/who")).Status);
        foreach (var path in (string[])["/mcp", "/mcp/other", "/mcp/none"])
        {
            var (status, challenge) = await rig.KnockAsync(one, path);
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.Equal($"Bearer error=\"invalid_token\", resource_metadata=\"{rig.Portal.Address}/.well-known/oauth-protected-resource{path}\", scope=\"mcp:read mcp:call\"", challenge);
        }

        foreach (var path in (string[])["/mcp", "/mcp/who", "/mcp/other"])
        {
            Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(all, path)).Status);
        }
    }

    [Fact]
    public async Task A_token_does_not_follow_the_name_of_its_server_to_another_one()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var editor = rig.Get<ServerEditor>();
        var draft = new ServerDraft { Slug = "mine", Name = "Mine", Url = rig.Gateway.Calls.Whoami };
        Assert.IsType<ServerEditResult.Saved>(await editor.AddOwnAsync(ana, draft, Actor.Page(ana), Stop));
        var (access, _) = await rig.TokensAsync(ana, await rig.ClientAsync(), ("resource", rig.Resource("/mcp/mine")));
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access, "/mcp/mine")).Status);
        var server = (await rig.Get<ServerCatalog>().FindAsync(ana, "mine", Stop))!;

        Assert.IsType<ServerEditResult.Saved>(await editor.RemoveAsync(server.Id, Actor.Page(ana), Stop));
        Assert.IsType<ServerEditResult.Saved>(await editor.AddOwnAsync(ana, draft, Actor.Page(ana), Stop));

        Assert.Equal(HttpStatusCode.NotFound, (await rig.KnockAsync(access, "/mcp/mine")).Status);
    }

    [Fact]
    public async Task A_token_for_one_toolset_is_refused_everywhere_else_and_does_not_follow_its_name()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, hash) = await rig.Gateway.PersonAsync("ana");
        var (ben, _, _) = await rig.Gateway.PersonAsync("ben");
        var set = await ToolsetsTests.MakeAsync(rig.Gateway, ana, "work", ToolsetMode.List, ("who", ["whoami"]));
        await ToolsetsTests.MakeAsync(rig.Gateway, ana, "other", ToolsetMode.List, ("who", ["whoami"]));
        var client = await rig.ClientAsync();
        var resource = ("resource", rig.Resource("/mcp/set/work"));
        var (asked, html, _) = await rig.AskAsync(await rig.CookieAsync(ana), OAuthRig.Question(client, resource));
        asked.Dispose();
        Assert.Contains("your toolset <b>work</b>", html, StringComparison.Ordinal);
        var (foreign, _, _) = await rig.AskAsync(await rig.CookieAsync(ben), OAuthRig.Question(client, resource));
        Assert.Equal(HttpStatusCode.BadRequest, foreign.StatusCode);
        foreign.Dispose();
        var (one, refresh) = await rig.TokensAsync(ana, client, resource);
        var (all, _) = await rig.TokensAsync(ana, client, ("resource", rig.Resource()));

        foreach (var path in (string[])["/mcp", "/mcp/who", "/mcp/work", "/mcp/set/other", "/mcp/set/none"])
        {
            var (status, challenge) = await rig.KnockAsync(one, path);
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.Contains($"/.well-known/oauth-protected-resource{path}\"", challenge, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(all, "/mcp/set/work")).Status);
        await using (var mcp = await rig.Gateway.ConnectAsync("/mcp/set/work", one))
        {
            Assert.Equal(hash, (await mcp.CallToolAsync("who__whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
        }

        Assert.Contains((await rig.Get<ClientGrants>().ListAsync(ana, Stop)), grant => grant.Toolset == "work");
        var editor = rig.Get<ToolsetEditor>();
        Assert.True(await editor.DeleteAsync(set.Id, Actor.Page(ana), Stop));
        await ToolsetsTests.MakeAsync(rig.Gateway, ana, "work", ToolsetMode.List, ("who", null));
        Assert.Equal(HttpStatusCode.NotFound, (await rig.KnockAsync(one, "/mcp/set/work")).Status);
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(all, "/mcp/set/work")).Status);
        Assert.Equal("invalid_target", (string?)(await rig.RefreshAsync(client, refresh, ("resource", rig.Resource("/mcp/work")))).Body["error"]);
        Assert.Equal(HttpStatusCode.OK, (await rig.RefreshAsync(client, refresh, resource)).Status);
    }

    [Fact]
    public async Task A_client_that_may_read_only_changes_nothing()
    {
        await using var server = await HostileServer.StartAsync();
        await using var rig = await OAuthRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Authority));
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        await rig.Gateway.Calls.AddServerAsync(ana, "acts", server.Url);
        var client = await rig.ClientAsync();
        foreach (var (scope, refused) in ((string?, bool)[])[("mcp:read", true), ("mcp:read mcp:call", false), (null, false)])
        {
            var (access, _) = await rig.TokensAsync(ana, client, ("scope", scope));
            await using var mcp = await rig.Gateway.ConnectAsync("/mcp/acts", access);
            var before = server.Count("tools/call");

            var result = await mcp.CallToolAsync("act", cancellationToken: Stop);

            Assert.True(refused == (result.IsError ?? false), $"{scope}: {(result.Content.FirstOrDefault() as TextContentBlock)?.Text}");
            Assert.Equal(refused ? 0 : 1, server.Count("tools/call") - before);
            Assert.Equal(refused ? 0 : 1, (await mcp.ListToolsAsync(cancellationToken: Stop)).Count);
        }
    }

    [Fact]
    public async Task AUTH_9_Tokens_open_nothing_but_mcp_and_only_alone_in_the_header()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var (access, refresh) = await rig.TokensAsync(ana, await rig.ClientAsync());

        foreach (var path in (string[])["/mcp/tool/call", "/secrets/set", "/secrets/delete"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await rig.KnockAsync(access, path)).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.KnockAsync(refresh)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.KnockAsync(null, $"/mcp?access_token={access}")).Status);
        foreach (var (authorization, apiKey) in ((string[], string?)[])[([$"Bearer {access}"], key), ([$"Bearer {access}", $"Bearer {key}"], null), ([$"Bearer {access}, Bearer {key}"], null), ([$"Bearer {access}"], access)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, rig.Address("/mcp")) { Content = JsonContent.Create(new { }) };
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            if (apiKey is not null)
            {
                request.Headers.Add("X-Api-Key", apiKey);
            }

            using var answer = await rig.Http.SendAsync(request, Stop);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        // Nor does it sign a browser in.
        using var page = new HttpRequestMessage(HttpMethod.Get, rig.Address("/test/whoami")) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", access) } };
        using var who = await rig.Http.SendAsync(page, Stop);
        Assert.Equal("nobody", await who.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task What_is_revoked_or_disabled_is_out_on_the_other_node_within_two_seconds()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        await using var two = await rig.Portal.AnotherNodeAsync(rig.Portal.Database, rig.Gateway.Calls.Sandbox.Address, Ports.Free());
        var client = await rig.ClientAsync();
        List<(string Access, Func<Task> End)> cases = [];
        foreach (var name in (string[])["page", "client", "disabled", "reuse"])
        {
            var (user, _, _) = await rig.Gateway.PersonAsync(name);
            var (access, refresh) = await rig.TokensAsync(user, client);
            cases.Add((access, name switch
            {
                "page" => async () => Assert.True(await rig.Get<ClientGrants>().RevokeAsync(user, (await rig.OnlyGrantAsync(user)).Id, Actor.Page(user), Stop)),
                "client" => async () => Assert.Equal(HttpStatusCode.OK, await rig.RevokeAsync(client, refresh)),
                "disabled" => async () => Assert.Equal(UserChange.Done, await rig.Get<Users>().DisableAsync(user, Actor.CommandLine, Stop)),
                _ => async () =>
                {
                    rig.Watched((await rig.RefreshAsync(client, refresh)).Body);
                    await rig.SqlAsync("update oauth_tokens set rotated_at = rotated_at - interval '61 seconds'");
                    Assert.Equal(HttpStatusCode.BadRequest, (await rig.RefreshAsync(client, refresh)).Status);
                },
            }));
        }

        foreach (var (access, end) in cases)
        {
            Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access)).Status);
            Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access, address: two.Address)).Status);
            await end();
            Assert.Equal(HttpStatusCode.Unauthorized, (await rig.KnockAsync(access)).Status);
            await CallRig.UntilAsync(IsOutAsync, "Still let in on the other node.", seconds: 2);

            async Task<bool> IsOutAsync()
            {
                try
                {
                    return (await rig.KnockAsync(access, address: two.Address)).Status == HttpStatusCode.Unauthorized;
                }
                catch (HttpRequestException)
                {
                    // Let in just before the news came, and cut off by it.
                    return false;
                }
            }
        }
    }

    [Fact]
    public async Task A_session_ends_with_the_grant()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (access, _) = await rig.TokensAsync(ana, await rig.ClientAsync());
        await using var mcp = await rig.Gateway.ConnectAsync("/mcp/who", access, "2025-11-25");
        await mcp.CallToolAsync("whoami", cancellationToken: Stop);

        Assert.True(await rig.Get<ClientGrants>().RevokeAsync(ana, (await rig.OnlyGrantAsync(ana)).Id, Actor.Page(ana), Stop));

        await CallRig.UntilAsync(() => Task.FromResult(rig.Get<McpPortal.Gateway.GatewaySessions>().Table.List().Count == 0), "The session is still open.", seconds: 2);
        await Assert.ThrowsAnyAsync<Exception>(async () => await mcp.CallToolAsync("whoami", cancellationToken: Stop));
    }

    [Fact]
    public async Task A_token_that_was_here_before_costs_no_question_to_the_database()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (access, _) = await rig.TokensAsync(ana, await rig.ClientAsync());
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access)).Status);

        await rig.SqlAsync("alter table oauth_tokens rename to oauth_tokens_away");

        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access)).Status);
    }

    [Fact]
    public async Task A_token_ends_with_its_time()
    {
        await using var rig = await OAuthRig.StartAsync(cluster, ("Clients:AccessTokenLifetime", "00:01:00"));
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (access, _) = await rig.TokensAsync(ana, await rig.ClientAsync());

        await rig.SqlAsync("update oauth_tokens set expires_at = expires_at - interval '61 seconds' where kind = 1");

        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.KnockAsync(access)).Status);
        await rig.Get<ClientSweeper>().SweepAsync(Stop);
        Assert.Equal(1L, await rig.SqlAsync("select count(*) from oauth_tokens"));
    }

    [Fact]
    public async Task A_client_ends_its_own_grant_only()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (client, other) = (await rig.ClientAsync(), await rig.ClientAsync());
        var (access, _) = await rig.TokensAsync(ana, client);

        Assert.Equal(HttpStatusCode.BadRequest, await rig.RevokeAsync(other, access));
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access)).Status);
        Assert.Equal(HttpStatusCode.OK, await rig.RevokeAsync(client, "mcpr_made-up"));
        Assert.Equal(HttpStatusCode.OK, await rig.RevokeAsync(client, access));
        Assert.Equal(HttpStatusCode.OK, await rig.RevokeAsync(client, access));
        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.KnockAsync(access)).Status);
        Assert.Equal(1L, await rig.SqlAsync($"select count(*) from audit_entries where action = 'GrantRevoked' and concerns_user_id = '{ana}'"));
    }

    [Fact]
    public async Task AZ_6_Nobody_lists_or_revokes_what_another_person_granted()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (ben, _, _) = await rig.Gateway.PersonAsync("ben");
        var (access, _) = await rig.TokensAsync(ana, await rig.ClientAsync());

        Assert.Empty(await rig.Get<ClientGrants>().ListAsync(ben, Stop));
        Assert.False(await rig.Get<ClientGrants>().RevokeAsync(ben, (await rig.OnlyGrantAsync(ana)).Id, Actor.Page(ben), Stop));
        Assert.False(await rig.Get<ClientGrants>().RevokeAsync(ana, ClientGrantId.New(), Actor.Page(ana), Stop));
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access)).Status);
        Assert.Equal(0L, await rig.AuditedAsync("GrantRevoked"));
    }
}
