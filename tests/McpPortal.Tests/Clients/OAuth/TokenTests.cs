using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients.OAuth;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>A code is worth one pair of tokens to the client it was made for, and a refresh token one successor.</summary>
public sealed class TokenTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_code_brings_tokens_that_are_kept_as_hashes_only()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var client = await rig.ClientAsync();

        using var answer = await rig.Http.PostAsync(rig.Address("/token"), new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "authorization_code", ["client_id"] = client, ["code"] = await rig.CodeAsync(ana, client, ("scope", "mcp:read")), ["redirect_uri"] = OAuthRig.Redirect,
            ["code_verifier"] = Sandbox.SandboxHost.Verifier, ["resource"] = rig.Resource(),
        }), Stop);
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!;

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.Equal(("Bearer", "mcp:read", 3600), ((string?)body["token_type"], (string?)body["scope"], (int?)body["expires_in"]));
        var (access, refresh) = rig.Watched(body); // the scan at the end looks for them in every column and in the log
        Assert.StartsWith("mcpo_", access, StringComparison.Ordinal);
        Assert.StartsWith("mcpr_", refresh, StringComparison.Ordinal);
        Assert.Equal(2L, await rig.SqlAsync("select count(*) from oauth_tokens where length(hash) = 32"));
        var grant = await rig.OnlyGrantAsync(ana);
        Assert.Equal(("A client", "client.example", null), (grant.Name, grant.Host, grant.Server));
        Assert.Equal(["mcp:read"], grant.Scopes);
    }

    [Fact]
    public async Task OA_2_A_code_is_good_once_and_a_replay_ends_what_came_of_it()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var client = await rig.ClientAsync();
        var code = await rig.CodeAsync(ana, client);
        var (access, refresh) = rig.Watched((await rig.ExchangeAsync(client, code)).Body);
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access)).Status);

        await RefusedAsync(rig.ExchangeAsync(client, code));

        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.KnockAsync(access)).Status);
        await RefusedAsync(rig.RefreshAsync(client, refresh));
        Assert.Equal((1L, 1L), (await rig.AuditedAsync("TokenReuseDetected"), await rig.AuditedAsync("GrantRevoked")));

        // Once more changes nothing more.
        await RefusedAsync(rig.ExchangeAsync(client, code));
        Assert.Equal(1L, await rig.AuditedAsync("TokenReuseDetected"));
    }

    [Fact]
    public async Task OA_2_Of_twenty_exchanges_at_once_at_most_one_brings_tokens_and_they_do_not_last()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var client = await rig.ClientAsync();
        var code = await rig.CodeAsync(ana, client);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => rig.ExchangeAsync(client, code)));

        var (_, body) = Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.KnockAsync(rig.Watched(body).Access)).Status);
        Assert.Equal(2L, await rig.SqlAsync("select count(*) from oauth_tokens"));
    }

    [Fact]
    public async Task OA_2_A_code_is_of_no_use_to_anybody_else()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (client, other) = (await rig.ClientAsync(), await rig.ClientAsync());
        var code = await rig.CodeAsync(ana, client);
        (string Name, string? Value)[] wrong =
        [
            ("code_verifier", Sandbox.SandboxHost.Verifier + "x"), ("code_verifier", null), ("code_verifier", "short"), ("code_verifier", Sandbox.SandboxHost.Challenge), ("code_verifier", new string('é', 50)),
            ("client_id", other), ("redirect_uri", "https://client.example/other"), ("code", code[..^1] + (code[^1] == 'a' ? 'b' : 'a')), ("code", "mcpc_"), ("code", code.Replace("mcpc_", "mcpr_", StringComparison.Ordinal)),
        ];
        foreach (var parameter in wrong)
        {
            await RefusedAsync(rig.ExchangeAsync(client, code, parameter));
        }

        Assert.Equal("invalid_target", (string?)(await rig.ExchangeAsync(client, code, ("resource", rig.Resource("/mcp/who")))).Body["error"]);
        Assert.Equal("invalid_target", (string?)(await rig.ExchangeAsync(client, code, ("resource", "https://other.example/mcp"))).Body["error"]);
        Assert.Equal(0L, await rig.SqlAsync("select count(*) from oauth_tokens"));

        // None of that has used it up.
        rig.Watched((await rig.ExchangeAsync(client, code)).Body);
    }

    [Fact]
    public async Task A_code_ends_after_a_minute_and_with_its_grant_or_person()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var client = await rig.ClientAsync();
        foreach (var spoil in (string[])["update oauth_codes set expires_at = expires_at - interval '60 seconds'", "update oauth_grants set revoked_at = now()", "update users set status = 2"])
        {
            var (person, _, _) = await rig.Gateway.PersonAsync("ana");
            var code = await rig.CodeAsync(person, client);
            await rig.SqlAsync(spoil);

            await RefusedAsync(rig.ExchangeAsync(client, code));
        }

        Assert.Equal(0L, await rig.SqlAsync("select count(*) from oauth_tokens"));
    }

    [Fact]
    public async Task RT_1_Twenty_refreshes_at_once_are_one_and_all_get_its_answer()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var client = await rig.ClientAsync();
        var (_, refresh) = await rig.TokensAsync(ana, client);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => rig.RefreshAsync(client, refresh)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        var (access, next) = Assert.Single(answers.Select(answer => rig.Watched(answer.Body)).Distinct());
        Assert.NotEqual(refresh, next);
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(access)).Status);
        Assert.Equal(4L, await rig.SqlAsync("select count(*) from oauth_tokens"));
        Assert.Equal(1L, await rig.SqlAsync("select count(*) from oauth_grants where revoked_at is null"));
    }

    [Fact]
    public async Task A_used_refresh_token_brings_the_same_successor_for_a_minute_and_then_ends_the_family()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var client = await rig.ClientAsync();
        var (_, first) = await rig.TokensAsync(ana, client);
        var second = rig.Watched((await rig.RefreshAsync(client, first)).Body);
        await rig.SqlAsync("update oauth_tokens set rotated_at = rotated_at - interval '50 seconds'");

        Assert.Equal(second, rig.Watched((await rig.RefreshAsync(client, first)).Body));
        var third = rig.Watched((await rig.RefreshAsync(client, second.Refresh)).Body);
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync(third.Access)).Status);
        await rig.SqlAsync("update oauth_tokens set rotated_at = rotated_at - interval '11 seconds'");
        await RefusedAsync(rig.RefreshAsync(client, first));

        Assert.Equal(HttpStatusCode.Unauthorized, (await rig.KnockAsync(third.Access)).Status);
        await RefusedAsync(rig.RefreshAsync(client, third.Refresh));
        Assert.Equal((1L, 1L), (await rig.AuditedAsync("TokenReuseDetected"), await rig.AuditedAsync("GrantRevoked")));
        Assert.Empty(await rig.Get<ClientGrants>().ListAsync(ana, Stop));
    }

    [Fact]
    public async Task A_refresh_token_is_of_no_use_to_anybody_else_and_gives_no_more_than_was_granted()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (client, other) = (await rig.ClientAsync(), await rig.ClientAsync());
        var (access, refresh) = await rig.TokensAsync(ana, client, ("scope", "mcp:read"), ("resource", rig.Resource("/mcp/who")));

        await RefusedAsync(rig.RefreshAsync(other, refresh));
        await RefusedAsync(rig.RefreshAsync(client, access));
        Assert.Equal("invalid_scope", (string?)(await rig.RefreshAsync(client, refresh, ("scope", "mcp:read mcp:call"))).Body["error"]);
        Assert.Equal("invalid_target", (string?)(await rig.RefreshAsync(client, refresh, ("resource", rig.Resource()))).Body["error"]);

        var (status, body) = await rig.RefreshAsync(client, refresh, ("scope", "mcp:read"), ("resource", rig.Resource("/mcp/who")));
        Assert.Equal((HttpStatusCode.OK, "mcp:read"), (status, (string?)body["scope"]));
        var next = rig.Watched(body);
        await rig.SqlAsync("update oauth_tokens set expires_at = now() - interval '1 second' where kind = 2");
        await RefusedAsync(rig.RefreshAsync(client, next.Refresh));
    }

    [Fact]
    public async Task A_disabled_person_gets_no_new_tokens()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var client = await rig.ClientAsync();
        var (_, refresh) = await rig.TokensAsync(ana, client);

        Assert.Equal(UserChange.Done, await rig.Get<Users>().DisableAsync(ana, Actor.CommandLine, Stop));

        await RefusedAsync(rig.RefreshAsync(client, refresh));
        Assert.Equal(UserChange.Done, await rig.Get<Users>().EnableAsync(ana, Actor.CommandLine, Stop));
        rig.Watched((await rig.RefreshAsync(client, refresh)).Body);
    }

    [Fact]
    public async Task A_request_that_is_not_understood_says_why()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var client = await rig.ClientAsync();

        Assert.Equal("unsupported_grant_type", (string?)(await rig.TokenAsync(("grant_type", "password"), ("client_id", client))).Body["error"]);
        Assert.Equal("invalid_request", (string?)(await rig.TokenAsync(("client_id", client))).Body["error"]);
        Assert.Equal("invalid_request", (string?)(await rig.TokenAsync(("grant_type", "authorization_code"), ("client_id", client))).Body["error"]);
        Assert.Equal("invalid_request", (string?)(await rig.TokenAsync(("grant_type", "refresh_token"), ("grant_type", "password"), ("client_id", client))).Body["error"]);
        var (status, body) = await rig.TokenAsync(("grant_type", "refresh_token"), ("refresh_token", "x"));
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (status, (string?)body["error"]));
        using var json = await rig.Http.PostAsync(rig.Address("/token"), new StringContent("{}", null, "application/json"), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, json.StatusCode);
    }

    [Fact]
    public async Task Who_guesses_is_slowed_down()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var client = await rig.ClientAsync();
        List<HttpStatusCode> answers = [];
        for (var i = 0; i < 40; i++)
        {
            answers.Add((await rig.RefreshAsync(client, ClientTokenText.New(ClientTokenText.Refresh).Text)).Status);
        }

        Assert.Equal(HttpStatusCode.BadRequest, answers[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
    }

    private static async Task RefusedAsync(Task<(HttpStatusCode Status, JsonNode Body)> asking)
    {
        var (status, body) = await asking;
        Assert.True((status, (string?)body["error"]) == (HttpStatusCode.BadRequest, "invalid_grant"), $"{status}: {body.ToJsonString()}");
    }
}
