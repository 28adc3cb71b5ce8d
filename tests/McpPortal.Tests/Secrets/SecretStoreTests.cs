using System.Reflection;
using System.Text;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Tests.Servers;
using McpPortal.Vault;

namespace McpPortal.Tests.Secrets;

public sealed class SecretStoreTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly string Planted = Canary.New("api key");

    private PortalServices _portal = null!;
    private UserId _ana;
    private UserId _ben;
    private UserId _cara;
    private ServerEditResult.Saved _saved = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private SecretStore Store => _portal.Get<SecretStore>();

    public async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop);
        _ana = await _portal.AddUserAsync("ana");
        _ben = await _portal.AddUserAsync("ben");
        _cara = await _portal.AddUserAsync("cara", Roles.Admin);
        _saved = await _portal.AddAsync(Drafts.Http("demo", needs: Drafts.ApiKey));
    }

    public ValueTask DisposeAsync() => _portal.DisposeAsync();

    [Fact]
    public async Task A_secret_is_found_and_revealed_for_its_owner_alone()
    {
        var server = await SetAsync(_ana, Planted);

        var value = Assert.IsType<SecretResult.Value>(await FindAsync(_ana, server));
        using (var plaintext = await Store.RevealAsync(value, Stop))
        {
            Assert.Equal(Planted, plaintext.Reveal());
        }

        Assert.IsType<SecretResult.Missing>(await FindAsync(_ben, server));
        Assert.IsType<SecretResult.Missing>(await FindAsync(_cara, server));
        Assert.Empty(await Store.ListAsync(_cara, Stop));
    }

    [Fact]
    public async Task Replacing_moves_the_generation_and_the_old_ciphertext_no_longer_opens_in_its_place()
    {
        var server = await SetAsync(_ana, "first");
        var old = Assert.IsType<SecretResult.Value>(await FindAsync(_ana, server));
        await SetAsync(_ana, "second");
        var now = Assert.IsType<SecretResult.Value>(await FindAsync(_ana, server));

        Assert.Equal(old.Generation + 1, now.Generation);
        Assert.Equal(old.Id, now.Id);
        await Assert.ThrowsAsync<UndecryptableException>(async () => (await Store.RevealAsync(now with { Ciphertext = old.Ciphertext }, Stop)).Dispose());
    }

    [Fact]
    public async Task A_secret_set_anew_after_deletion_takes_no_generation_twice()
    {
        var server = await SetAsync(_ana, "first");
        var old = Assert.IsType<SecretResult.Value>(await FindAsync(_ana, server));
        Assert.True(await Store.DeleteAsync(_ana, server, "api-key", Actor.Page(_ana), Stop));
        Assert.IsType<SecretResult.Missing>(await FindAsync(_ana, server));
        Assert.False(await Store.DeleteAsync(_ana, server, "api-key", Actor.Page(_ana), Stop));

        await SetAsync(_ana, "second");
        var now = Assert.IsType<SecretResult.Value>(await FindAsync(_ana, server));
        Assert.NotEqual(old.Id, now.Id);
        Assert.True(now.Generation > old.Generation);
    }

    [Fact]
    public async Task A_changed_destination_suspends_until_the_owner_confirms_what_is_shown()
    {
        var server = await SetAsync(_ana, Planted);
        var before = server.Destination;
        await SetAsync(_ben, "bens");

        var changed = await ChangeAddressAsync("https://new.example/mcp");
        Assert.Equal(2, changed.Suspended);
        server = await _portal.FindAsync(_ana, "demo");
        Assert.Equal(new SecretResult.Suspended(before, "https://new.example:443"), await FindAsync(_ana, server));
        var listed = Assert.Single(await Store.ListAsync(_ana, Stop));
        Assert.Equal((true, before, "https://new.example:443"), (listed.Suspended, listed.AgreedTo, listed.Now));

        Assert.Equal(new ConfirmResult.Confirmed(1), await Store.ConfirmDestinationAsync(_ana, server, "https://new.example:443", Actor.Page(_ana), Stop));
        Assert.IsType<SecretResult.Value>(await FindAsync(_ana, server));

        // Ben decides for himself.
        Assert.IsType<SecretResult.Suspended>(await FindAsync(_ben, server));
    }

    [Fact]
    public async Task Agreeing_to_a_page_that_is_out_of_date_changes_nothing()
    {
        await SetAsync(_ana, Planted);
        await ChangeAddressAsync("https://shown.example/mcp");
        var shown = await _portal.FindAsync(_ana, "demo");
        await ChangeAddressAsync("https://meanwhile.example/mcp");

        Assert.Equal(new ConfirmResult.ChangedMeanwhile("https://meanwhile.example:443"), await Store.ConfirmDestinationAsync(_ana, shown, shown.Destination, Actor.Page(_ana), Stop));
        Assert.IsType<SecretResult.Suspended>(await FindAsync(_ana, await _portal.FindAsync(_ana, "demo")));
        Assert.Equal(0L, await _portal.ScalarAsync(db => db.System, "select count(*) from audit_entries where action = 'DestinationConfirmed'"));
    }

    [Fact]
    public async Task A_value_typed_for_one_destination_is_not_sent_to_another_that_came_meanwhile()
    {
        var shown = await _portal.FindAsync(_ana, "demo");
        await ChangeAddressAsync("https://meanwhile.example/mcp");

        await Store.SetAsync(_ana, shown, "api-key", Planted, Actor.Page(_ana), Stop);

        Assert.IsType<SecretResult.Suspended>(await FindAsync(_ana, await _portal.FindAsync(_ana, "demo")));
    }

    [Theory]
    [InlineData("with\r\nbreak")]
    [InlineData("ends with break\n")]
    [InlineData("nul\0")]
    [InlineData("ü")]
    [InlineData("\u0001")]
    [InlineData(" leading")]
    [InlineData("trailing ")]
    [InlineData("")]
    [InlineData("tab\t")]
    [InlineData("\ud800")]
    public async Task INJ_5_What_a_header_cannot_carry_is_refused_when_saved(string value)
    {
        var server = await _portal.FindAsync(_ana, "demo");

        var refused = Assert.IsType<SecretEditResult.Refused>(await Store.SetAsync(_ana, server, "api-key", value, Actor.Page(_ana), Stop));

        Assert.True(value.Length < 3 || !refused.Sentence.Contains(value, StringComparison.Ordinal));
        Assert.Empty(await Store.ListAsync(_ana, Stop));
    }

    [Fact]
    public async Task INJ_5_What_a_header_cannot_carry_is_refused_when_used_although_it_was_saved_for_something_else()
    {
        var argument = Drafts.ApiKey with { Placement = CredentialPlacement.Argument, Target = "key" };
        var saved = await _portal.AddAsync(Drafts.Http("switch", needs: argument));
        var server = await _portal.FindAsync(_ana, "switch");
        Assert.IsType<SecretEditResult.Saved>(await Store.SetAsync(_ana, server, "api-key", $"{Planted}\r\nX-Admin: yes", Actor.Page(_ana), Stop));
        await _portal.Get<ServerEditor>().ChangeAsync(saved.Id, saved.Version, Drafts.Http("switch", needs: Drafts.ApiKey), Actor.Page(_cara), Stop);
        server = await _portal.FindAsync(_ana, "switch");

        var value = Assert.IsType<SecretResult.Value>(await Store.FindAsync(_ana, server, server.Need("api-key")!, Stop));
        var refused = await Assert.ThrowsAsync<UnusableSecretException>(async () => (await Store.RevealAsync(value, Stop)).Dispose());

        Assert.DoesNotContain(Planted, refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_over_16_KB_is_refused_and_one_of_16_KB_is_kept()
    {
        var server = await _portal.FindAsync(_ana, "demo");

        Assert.IsType<SecretEditResult.Refused>(await Store.SetAsync(_ana, server, "api-key", new string('x', (16 * 1024) + 1), Actor.Page(_ana), Stop));
        Assert.IsType<SecretEditResult.Saved>(await Store.SetAsync(_ana, server, "api-key", new string('x', 16 * 1024), Actor.Page(_ana), Stop));
    }

    [Theory]
    [InlineData("other")]
    [InlineData("API-KEY")]
    [InlineData("LD_PRELOAD")]
    [InlineData("../api-key")]
    public async Task Only_names_that_the_server_declares_can_be_set(string name)
    {
        var server = await _portal.FindAsync(_ana, "demo");

        Assert.IsType<SecretEditResult.Refused>(await Store.SetAsync(_ana, server, name, "value", Actor.Page(_ana), Stop));
    }

    [Fact]
    public async Task Many_who_set_at_once_leave_one_row_that_opens()
    {
        var server = await _portal.FindAsync(_ana, "demo");

        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Store.SetAsync(_ana, server, "api-key", $"value-{i}", Actor.Page(_ana), Stop)));

        Assert.NotEmpty(results.OfType<SecretEditResult.Saved>());
        Assert.Equal(1L, await _portal.ScalarAsync(db => db.System, "select count(*) from secrets"));
        var value = Assert.IsType<SecretResult.Value>(await FindAsync(_ana, server));
        using var plaintext = await Store.RevealAsync(value, Stop);
        Assert.StartsWith("value-", plaintext.Reveal(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Raw_SQL_as_another_user_or_as_nobody_sees_no_secret()
    {
        await SetAsync(_ana, Planted);

        Assert.Equal(1L, await CountAsync(_ana));
        Assert.Equal(0L, await CountAsync(_ben));
        Assert.Equal(0L, await CountAsync(_cara));
        Assert.Equal(0L, await _portal.ScalarAsync(db => db.App, "select count(*) from secrets"));
        Assert.Equal(0L, await _portal.ScalarAsync(db => db.App, "with gone as (delete from secrets returning 1) select count(*) from gone"));
        Assert.Equal(1L, await _portal.ScalarAsync(db => db.System, "select count(*) from secrets"));
    }

    [Fact]
    public async Task The_value_is_in_no_table_and_in_no_model()
    {
        await SetAsync(_ana, Planted);
        var listed = Assert.Single(await Store.ListAsync(_ana, Stop));

        Assert.DoesNotContain(Planted, System.Text.Json.JsonSerializer.Serialize(listed), StringComparison.Ordinal);
        Assert.DoesNotContain(Planted, (await FindAsync(_ana, await _portal.FindAsync(_ana, "demo"))).ToString(), StringComparison.Ordinal);
        foreach (var table in new[] { "secrets", "audit_entries", "invalidations", "servers" })
        {
            var text = (string)(await _portal.ScalarAsync(db => db.System, $"select coalesce(string_agg(t::text, ' '), '') from {table} t"))!;
            Assert.DoesNotContain(Planted, text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Planted)), text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void Nothing_but_reveal_returns_what_could_hold_a_value()
    {
        var models = typeof(SecretStore).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(m => m.Name != nameof(SecretStore.RevealAsync))
            .Select(m => m.ReturnType.GetGenericArguments().FirstOrDefault() ?? m.ReturnType)
            .Select(t => t.IsGenericType ? t.GetGenericArguments()[0] : t)
            .SelectMany(t => t.GetNestedTypes(BindingFlags.NonPublic | BindingFlags.Public).Append(t));

        var properties = models.SelectMany(m => m.GetProperties()).Where(p => p.PropertyType == typeof(Plaintext) || p.PropertyType == typeof(byte[]) || p.Name is "Value" or "Plaintext" or "Text");

        Assert.Empty(properties);
    }

    [Fact]
    public async Task Shared_values_come_after_personal_ones_and_never_reach_a_members_own_server()
    {
        var team = await _portal.AddGroupAsync("team", _ana);
        var server = await _portal.FindAsync(_ana, "demo");
        await ShareAsync(Owner.Organisation, server, "organisation");
        Assert.Equal("organisation", await RevealAsync(_ana, server));
        await ShareAsync(Owner.Of(team), server, "group");
        Assert.Equal("group", await RevealAsync(_ana, server));
        Assert.Equal("organisation", await RevealAsync(_ben, server));
        await SetAsync(_ana, "personal");
        Assert.Equal("personal", await RevealAsync(_ana, server));

        await _portal.Get<ServerEditor>().AddOwnAsync(_ben, Drafts.Http("own", needs: Drafts.ApiKey), Actor.Page(_ben), Stop);
        var own = await _portal.FindAsync(_ben, "own");
        await ShareAsync(Owner.Organisation, own, "organisation");
        Assert.IsType<SecretResult.Missing>(await FindAsync(_ben, own));
    }

    [Fact]
    public async Task The_last_use_is_written_later_in_one_go()
    {
        var server = await SetAsync(_ana, Planted);
        Assert.Null(Assert.Single(await Store.ListAsync(_ana, Stop)).LastUsedAt);

        await RevealAsync(_ana, server);
        using var writer = new SecretUseWriter(_portal.Database, _portal.Get<SecretUses>(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<SecretUseWriter>.Instance);
        await writer.WriteAsync(Stop);

        Assert.NotNull(Assert.Single(await Store.ListAsync(_ana, Stop)).LastUsedAt);
        Assert.IsType<SecretResult.Value>(await FindAsync(_ana, server));
    }

    [Fact]
    public async Task Removing_a_server_removes_what_was_stored_for_it()
    {
        await SetAsync(_ana, Planted);
        await _portal.Get<ServerEditor>().RemoveAsync(_saved.Id, Actor.Page(_cara), Stop);

        Assert.Equal(0L, await _portal.ScalarAsync(db => db.System, "select count(*) from secrets"));
    }

    private async Task<object?> CountAsync(UserId user)
    {
        await using var connection = new Npgsql.NpgsqlConnection(_portal.TestDatabase.App);
        await connection.OpenAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await using var set = new Npgsql.NpgsqlCommand($"select set_config('portal.user_id', '{user}', true)", connection, transaction);
        await set.ExecuteNonQueryAsync(Stop);
        await using var count = new Npgsql.NpgsqlCommand("select count(*) from secrets", connection, transaction);
        return await count.ExecuteScalarAsync(Stop);
    }

    private async Task<ServerSnapshot> SetAsync(UserId user, string value)
    {
        var server = await _portal.FindAsync(user, "demo");
        Assert.IsType<SecretEditResult.Saved>(await Store.SetAsync(user, server, "api-key", value, Actor.Page(user), Stop));
        return server;
    }

    private ValueTask<SecretResult> FindAsync(UserId user, ServerSnapshot server)
    {
        _portal.HearInvalidations();
        return Store.FindAsync(user, server, Drafts.ApiKey, Stop);
    }

    private async Task<string> RevealAsync(UserId user, ServerSnapshot server)
    {
        using var plaintext = await Store.RevealAsync(Assert.IsType<SecretResult.Value>(await FindAsync(user, server)), Stop);
        return plaintext.Reveal();
    }

    private async Task<ServerEditResult.Saved> ChangeAddressAsync(string url)
    {
        var server = await _portal.FindAsync(_ana, "demo");
        return Assert.IsType<ServerEditResult.Saved>(
            await _portal.Get<ServerEditor>().ChangeAsync(server.Id, server.Version, Drafts.Http("demo", url, Drafts.ApiKey), Actor.Page(_cara), Stop));
    }

    private async Task ShareAsync(Owner owner, ServerSnapshot server, string value)
    {
        var binding = new SecretBinding(SecretKind.Secret, owner, server.Id.Value, "api-key", 1);
        var ciphertext = await _portal.Get<SecretVault>().ProtectAsync(binding, value, Stop);
        await using var scope = await _portal.Database.ForSystemAsync(Stop);
        scope.Db.Secrets.Add(new Secret { OwnerKind = owner.Kind, OwnerId = owner.Id, ServerId = server.Id, Name = "api-key", Value = ciphertext, Destination = server.Destination });
        _portal.Invalidations.Publish(scope, InvalidationKind.Credentials, Guid.Empty);
        await scope.CommitAsync(Stop);
    }
}
