using McpPortal.Audit;
using McpPortal.Connections;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Sandbox.Faults;
using McpPortal.Tests.Rig;
using McpPortal.Vault;

namespace McpPortal.Tests.Connections;

public sealed class AccessTokensTests(PostgresCluster cluster)
{
    private const string AnaAtGitHub = "github:ana-dev";
    private static readonly TimeSpan PastExpiry = TimeSpan.FromHours(9);

    [Fact]
    public async Task Two_hundred_calls_on_an_expired_token_refresh_once()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true });
        await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        rig.Time.Advance(PastExpiry);

        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default).AsTask()));

        Assert.All(results, r => Assert.Equal(2, Assert.IsType<TokenResult.Token>(r).Generation));
        Assert.Equal(1, await rig.RefreshesAsync(AnaAtGitHub));
        Assert.Equal(0, (await rig.Sandbox.StatsAsync()).ReuseDetected);
    }

    [Fact]
    public async Task Two_hundred_calls_on_two_nodes_refresh_once()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true, DelayMs = 1000 });
        await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        var other = await rig.AddNodeAsync();
        rig.Time.Advance(PastExpiry);

        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => (i % 2 == 0 ? rig.Node : other).Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default).AsTask()));

        Assert.All(results, r => Assert.Equal(2, Assert.IsType<TokenResult.Token>(r).Generation));
        Assert.Equal(1, await rig.RefreshesAsync(AnaAtGitHub));
        Assert.Equal(0, (await rig.Sandbox.StatsAsync()).ReuseDetected);
    }

    [Fact]
    public async Task A_warm_call_asks_no_database()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var (times, heard) = (0, new TaskCompletionSource());
        rig.Node.Get<Invalidations>().Subscribe(message =>
        {
            if (message == new Invalidation(InvalidationKind.Credentials, rig.Ana.Value) && Interlocked.Increment(ref times) == 2)
            {
                heard.TrySetResult(); // once at the commit, once from the poller
            }
        });
        await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await heard.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await GetAsync(rig);
        await rig.SqlAsync("alter table connections rename to connections_away; alter table server_credentials rename to links_away");

        Assert.IsType<TokenResult.Token>(await GetAsync(rig));
    }

    [Fact]
    public async Task A_slow_provider_is_asked_by_one_node_at_a_time()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true });
        await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        var other = await rig.AddNodeAsync();
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true, DelayMs = 4000 });
        rig.Time.Advance(PastExpiry);

        var one = GetAsync(rig);
        var two = GetAsync(rig, other);

        Assert.All(await Task.WhenAll(one, two), r => Assert.Equal(2, Assert.IsType<TokenResult.Token>(r).Generation));
        Assert.Equal(1, await rig.RefreshesAsync(AnaAtGitHub));
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(0, false)]
    public async Task An_answer_that_got_lost_is_asked_for_once_more_with_the_stored_token(int graceSeconds, bool saved)
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true, GraceSeconds = graceSeconds, DropAfterCommit = true, Times = 1 });
        var before = (await rig.Sandbox.StatsAsync()).Requests["github/token"];
        rig.Time.Advance(PastExpiry);

        var result = await GetAsync(rig);

        Assert.Equal(2, (await rig.Sandbox.StatsAsync()).Requests["github/token"] - before);
        Assert.Equal(saved, result is TokenResult.Token);
        Assert.Equal(saved ? ConnectionStatus.Connected : ConnectionStatus.ReauthRequired, (await rig.RowAsync(id)).Status);
        if (!saved)
        {
            Assert.Contains("reconnect=", Assert.IsType<TokenResult.NeedsConnection>(result).Path, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_dead_node_leaves_one_attempt_in_doubt_and_another_node_goes_on()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.SqlAsync("update connections set lease_owner = gen_random_uuid(), lease_fence = 7, lease_until = now() - interval '1 second', attempt_started_at = now() - interval '31 seconds'");
        rig.Time.Advance(PastExpiry);

        Assert.Equal(2, Assert.IsType<TokenResult.Token>(await GetAsync(rig)).Generation);

        var row = await rig.RowAsync(id);
        Assert.Equal((8L, null, null), (row.LeaseFence, row.LeaseUntil, row.AttemptStartedAt));
    }

    [Fact]
    public async Task A_database_that_is_away_at_the_save_loses_no_token()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true });
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        rig.Time.Advance(PastExpiry);
        await rig.SqlAsync("alter table audit_entries rename to audit_away");

        var call = GetAsync(rig);
        await UntilAsync(() => Directory.Exists(rig.JournalFolder) && Directory.GetFiles(rig.JournalFolder, "*.json").Length == 1);
        var journal = await File.ReadAllTextAsync(Directory.GetFiles(rig.JournalFolder, "*.json")[0], TestContext.Current.CancellationToken);
        await rig.SqlAsync("alter table audit_away rename to audit_entries");

        Assert.Equal(2, Assert.IsType<TokenResult.Token>(await call).Generation);
        Assert.DoesNotContain("sandbox_", journal, StringComparison.Ordinal);
        Assert.Equal(2, (await rig.RowAsync(id)).Generation);
        await UntilAsync(() => Directory.GetFiles(rig.JournalFolder, "*.json").Length == 0);
        Assert.Equal(0, (await rig.Sandbox.StatsAsync()).ReuseDetected);
    }

    [Fact]
    public async Task A_node_that_starts_saves_what_the_one_before_left_in_the_journal()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        var row = await rig.RowAsync(id);
        var vault = rig.Node.Get<SecretVault>();
        var next = new SecretBinding(SecretKind.AccessToken, row.Owner, row.Id.Value, "access_token", 2);
        rig.Node.Get<RefreshJournal>().Write(new RenewedTokens
        {
            Connection = id,
            Generation = 1,
            Fence = 1,
            AccessToken = (await vault.ProtectAsync(next, "from-the-journal", TestContext.Current.CancellationToken)).Record.ToArray(),
            ExpiresAt = rig.Time.GetUtcNow().AddHours(1),
            Scopes = [],
            At = rig.Time.GetUtcNow(),
        });

        var other = await rig.AddNodeAsync();
        await UntilAsync(() => Directory.GetFiles(rig.JournalFolder, "*.json").Length == 0);

        Assert.Equal("from-the-journal", await rig.RevealAsync(await GetAsync(rig, other)));
    }

    [Fact]
    public async Task A_server_that_refuses_every_token_forces_one_refresh_a_minute()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true });
        await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");

        var first = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => RejectAsync(rig, 1)));
        Assert.All(first, r => Assert.Equal(2, Assert.IsType<TokenResult.Token>(r).Generation));
        var second = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => RejectAsync(rig, 2)));

        Assert.All(second, r => Assert.IsType<TokenResult.ProviderDown>(r));
        Assert.Equal(1, await rig.RefreshesAsync(AnaAtGitHub));
        rig.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(3, Assert.IsType<TokenResult.Token>(await RejectAsync(rig, 2)).Generation);
    }

    [Fact]
    public async Task A_refused_app_leaves_people_connected_and_stops_asking()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Error = "incorrect_client_credentials" });
        var before = (await rig.Sandbox.StatsAsync()).Requests["github/token"];
        rig.Time.Advance(PastExpiry);

        Assert.IsType<TokenResult.ProviderDown>(await GetAsync(rig));
        Assert.IsType<TokenResult.ProviderDown>(await GetAsync(rig));

        Assert.Equal(1, (await rig.Sandbox.StatsAsync()).Requests["github/token"] - before);
        Assert.Equal(ConnectionStatus.Connected, (await rig.RowAsync(id)).Status);
        Assert.NotNull((await rig.Node.Get<ProviderDirectory>().FindAsync("github", default))!.BrokenSince);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token" });
        rig.Time.Advance(TimeSpan.FromMinutes(6));
        Assert.IsType<TokenResult.Token>(await GetAsync(rig));
        Assert.Null((await rig.Node.Get<ProviderDirectory>().FindAsync("github", default))!.BrokenSince);
    }

    [Fact]
    public async Task A_caller_that_leaves_does_not_lose_the_token()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true, DelayMs = 500 });
        await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        rig.Time.Advance(PastExpiry);
        using var closed = new CancellationTokenSource();

        var call = rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, closed.Token).AsTask();
        await UntilAsync(async () => (await rig.Sandbox.StatsAsync()).Requests["github/token"] == 2);
        await closed.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        Assert.Equal(2, Assert.IsType<TokenResult.Token>(await GetAsync(rig)).Generation);
        Assert.Equal(1, await rig.RefreshesAsync(AnaAtGitHub));
    }

    [Fact]
    public async Task A_disconnect_during_a_refresh_leaves_no_living_token()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DelayMs = 700 });
        rig.Time.Advance(PastExpiry);

        var call = GetAsync(rig);
        await UntilAsync(async () => (await rig.Sandbox.StatsAsync()).Requests["github/token"] == 2);
        await rig.Node.Get<MyConnections>().DisconnectAsync(rig.Ana, id, Actor.Page(rig.Ana), default);
        await call;

        Assert.Equal(0, await rig.LiveAsync(AnaAtGitHub));
        var row = await rig.RowAsync(id);
        Assert.Equal((ConnectionStatus.Revoked, null, null), (row.Status, row.AccessToken, row.RefreshToken));
        Assert.IsType<TokenResult.NeedsConnection>(await GetAsync(rig));
    }

    [Fact]
    public async Task An_error_with_status_200_is_a_dead_grant()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Error = "bad_refresh_token" });
        rig.Time.Advance(PastExpiry);

        Assert.IsType<TokenResult.NeedsConnection>(await GetAsync(rig));
        Assert.IsType<TokenResult.NeedsConnection>(await GetAsync(rig));

        Assert.Equal(ConnectionStatus.ReauthRequired, (await rig.RowAsync(id)).Status);
        Assert.Equal(2, (await rig.Sandbox.StatsAsync()).Requests["github/token"]);
    }

    [Fact]
    public async Task A_refresh_without_a_new_refresh_token_keeps_the_old_one()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.ConnectAsync(rig.GoogleTarget, "ana@gmail.sandbox.test");

        for (var generation = 2; generation <= 3; generation++)
        {
            rig.Time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(generation, Assert.IsType<TokenResult.Token>(await rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.Google, default)).Generation);
        }
    }

    [Fact]
    public async Task An_answer_without_lifetime_counts_for_an_hour_and_short_ones_cause_no_storm()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Status = 200, Body = """{"access_token":"x1","token_type":"bearer"}""", Times = 1 });
        rig.Time.Advance(PastExpiry);
        await GetAsync(rig);
        Assert.InRange((await rig.RowAsync(id)).ExpiresAt!.Value - rig.Time.GetUtcNow(), TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));

        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", TokenSeconds = 10 });
        rig.Time.Advance(TimeSpan.FromHours(1));
        await GetAsync(rig);
        for (var i = 0; i < 50; i++)
        {
            Assert.IsType<TokenResult.Token>(await GetAsync(rig));
        }

        Assert.InRange(await rig.RefreshesAsync(AnaAtGitHub), 1, 2);
    }

    [Fact]
    public async Task A_provider_that_is_down_is_left_alone_while_the_token_lasts()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Status = 503, RetryAfterSeconds = 120 });
        rig.Time.Advance(TimeSpan.FromHours(8) - TimeSpan.FromMinutes(3));

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(1, Assert.IsType<TokenResult.Token>(await GetAsync(rig)).Generation);
        }

        Assert.Equal(2, (await rig.Sandbox.StatsAsync()).Requests["github/token"]);
        rig.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.IsType<TokenResult.ProviderDown>(await GetAsync(rig));
        Assert.Equal(ConnectionStatus.Connected, (await rig.RowAsync(id)).Status);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token" });
        rig.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(2, Assert.IsType<TokenResult.Token>(await GetAsync(rig)).Generation);
    }

    [Fact]
    public async Task A_refresh_tells_nobody_to_end_sessions()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.SqlAsync("delete from invalidations");
        rig.Time.Advance(PastExpiry);

        var token = Assert.IsType<TokenResult.Token>(await GetAsync(rig));

        await using var scope = await rig.Node.Database.ForSystemAsync(default);
        Assert.Empty(scope.Db.Invalidations);
        Assert.Equal((2L, 1L), (token.Generation, token.ConsentVersion));
        Assert.Equal(1, (await rig.RowAsync(id)).ConsentVersion);
    }

    [Fact]
    public async Task What_is_used_is_renewed_before_anybody_waits()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        rig.Time.Advance(TimeSpan.FromHours(7));
        await GetAsync(rig);
        await rig.Node.Get<ConnectionUse>().WriteAsync(default);
        rig.Time.Advance(TimeSpan.FromMinutes(58));

        await rig.Node.Get<TokenRefresher>().SweepAsync(default);

        Assert.Equal(2, (await rig.RowAsync(id)).Generation);
    }

    [Fact]
    public async Task No_token_and_no_client_secret_is_ever_logged()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.ConnectAsync(rig.GoogleTarget, "ana@gmail.sandbox.test");
        rig.Time.Advance(PastExpiry);
        await GetAsync(rig);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Status = 500, Body = "ghu_sandbox_echo" });
        await RejectAsync(rig, 2);
        await rig.Node.Get<MyConnections>().DisconnectAsync(rig.Ana, id, Actor.Page(rig.Ana), default);

        Assert.NotEmpty(rig.Logs.Text);
        foreach (var canary in new[] { "ghu_sandbox_", "ghr_sandbox_", "ya29.", rig.Sandbox.Options.GitHub.Secret, rig.Sandbox.Options.Google.Secret })
        {
            Assert.DoesNotContain(canary, rig.Logs.Text, StringComparison.Ordinal);
        }
    }

    private static Task<TokenResult> GetAsync(ConnectionsRig rig, ConnectionsNode? node = null) =>
        (node ?? rig.Node).Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default).AsTask();

    private static Task<TokenResult> RejectAsync(ConnectionsRig rig, long generation) =>
        rig.Node.Tokens.RejectedAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, generation, default);

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <summary>For what another task does at its own pace; fails after half a minute.</summary>
    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(20, deadline.Token);
        }
    }
}
