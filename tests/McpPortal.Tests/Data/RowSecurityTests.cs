using System.Globalization;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace McpPortal.Tests.Data;

/// <summary>What the database itself lets the bound role do, with raw SQL, for every table of the model.</summary>
public sealed class RowSecurityTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly Guid Me = Guid.CreateVersion7();
    private static readonly Guid Other = Guid.CreateVersion7();
    private static readonly Guid MyGroup = Guid.CreateVersion7();
    private static readonly Guid OtherGroup = Guid.CreateVersion7();

    private TestDatabase _database = null!;
    private NpgsqlConnection _superuser = null!;
    private NpgsqlConnection _app = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.CreateAsync(Stop);
        _superuser = new NpgsqlConnection(cluster.ConnectionString("postgres", _database.Name) + ";Pooling=false");
        await _superuser.OpenAsync(Stop);
        _app = new NpgsqlConnection(_database.App + ";Pooling=false");
        await _app.OpenAsync(Stop);

        // Rows are made up column by column, so nothing may point from one to another.
        await ExecuteAsync(_superuser, """
            do $$ declare c record; begin
              for c in select conrelid::regclass as t, conname from pg_constraint where contype = 'f' loop execute format('alter table %s drop constraint %I', c.t, c.conname); end loop;
            end $$
            """);
        await ExecuteAsync(_superuser, $"insert into group_members (group_id, user_id, from_claim) values ('{MyGroup}', '{Me}', false), ('{OtherGroup}', '{Other}', false)");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _superuser.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Every_table_allows_exactly_what_it_declares()
    {
        var tables = Tables();
        var failures = new List<string>();
        var cases = 0;
        foreach (var table in tables)
        {
            var columns = await ColumnsAsync(table.Name);
            foreach (var who in Enum.GetValues<Whose>().Where(w => Applies(table, w)))
            {
                var values = Values(table, columns, who);
                var ctid = (string)(await ScalarAsync(_superuser, null, Insert(table.Name, values) + " returning ctid::text"))!;
                foreach (var user in (Guid?[])[Me, null])
                {
                    // A second row of the same owner: random values, so that no unique index stands in the way.
                    await CheckAsync(table, who, user, "insert", Insert(table.Name, Values(table, columns, who)));
                    await CheckAsync(table, who, user, "select", $"select 1 from {table.Name} where ctid = '{ctid}'");
                    await CheckAsync(table, who, user, "update", $"update {table.Name} set {columns[0].Name} = {columns[0].Name} where ctid = '{ctid}'");
                    await CheckAsync(table, who, user, "delete", $"delete from {table.Name} where ctid = '{ctid}'");
                }

                await ExecuteAsync(_superuser, $"delete from {table.Name} where ctid = '{ctid}'");
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(cases > 200, $"Only {cases} cases were tried.");

        async Task CheckAsync(RowSecurity.Table table, Whose who, Guid? user, string verb, string sql)
        {
            cases++;
            var (expected, actual) = (Expected(table.Access, who, user is not null, verb), await TryAsync(user, sql));
            if (expected != actual)
            {
                failures.Add($"{table.Name} ({table.Access}): {verb} of {who} by {(user is null ? "nobody" : "me")} gave {actual}, not {expected}");
            }
        }
    }

    [Fact]
    public async Task Nobody_gives_a_row_away_or_takes_one_over()
    {
        foreach (var table in Tables().Where(t => t.Access is TableAccess.OwnRows or TableAccess.OwnedRows))
        {
            var columns = await ColumnsAsync(table.Name);
            var ctid = (string)(await ScalarAsync(_superuser, null, Insert(table.Name, Values(table, columns, Whose.Mine)) + " returning ctid::text"))!;
            string[] moves = table.Access == TableAccess.OwnRows
                ? [$"{table.UserColumn} = '{Other}'"]
                : [$"owner_id = '{Other}'", $"owner_kind = 2, owner_id = '{MyGroup}'", $"owner_kind = 3, owner_id = '{Guid.Empty}'", $"owner_kind = 4, owner_id = '{Guid.Empty}'"];
            foreach (var move in moves)
            {
                Assert.Equal("policy", await TryAsync(Me, $"update {table.Name} set {move} where ctid = '{ctid}'"));
            }
        }
    }

    [Fact]
    public async Task The_user_of_one_transaction_is_unknown_to_the_next_on_the_same_connection()
    {
        var columns = await ColumnsAsync("secrets");
        var secrets = Tables().Single(t => t.Name == "secrets");
        await ExecuteAsync(_superuser, Insert("secrets", Values(secrets, columns, Whose.Mine)));
        await ExecuteAsync(_superuser, Insert("secrets", Values(secrets, columns, Whose.Organisation)));

        foreach (var commit in (bool[])[true, false])
        {
            await using (var transaction = await _app.BeginTransactionAsync(Stop))
            {
                Assert.Equal(2L, await ScalarAsync(_app, Me, "select count(*) from secrets"));
                await (commit ? transaction.CommitAsync(Stop) : transaction.RollbackAsync(Stop));
            }

            Assert.Equal(0L, await ScalarAsync(_app, null, "select count(*) from secrets"));
            await using var next = await _app.BeginTransactionAsync(Stop);
            Assert.Equal(0L, await ScalarAsync(_app, null, "select count(*) from secrets"));
        }
    }

    [Theory]
    [InlineData("set role portal_system")]
    [InlineData("set role portal_owner")]
    [InlineData("set session authorization portal_system")]
    [InlineData("select * from key_ring")]
    [InlineData("select * from owner_keys")]
    [InlineData("select * from data_protection_keys")]
    [InlineData("select * from installation")]
    [InlineData("alter table secrets disable row level security")]
    [InlineData("alter role portal_app bypassrls")]
    [InlineData("grant portal_system to portal_app")]
    [InlineData("drop policy portal_read on secrets")]
    [InlineData("truncate secrets")]
    [InlineData("create table mine (id int)")]
    [InlineData("copy secrets to '/tmp/never-written'")]
    [InlineData("""delete from "__EFMigrationsHistory" """)]
    public async Task The_bound_role_finds_no_way_around(string sql)
    {
        await using var transaction = await _app.BeginTransactionAsync(Stop);
        var error = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(_app, Me, sql));

        // Must be owner, may not, or (a role it may not see through) 22023/42501.
        Assert.Contains(error.SqlState, (string[])[PostgresErrorCodes.InsufficientPrivilege, "22023"]);
    }

    [Fact]
    public async Task Switching_row_security_off_shows_an_error_and_no_rows()
    {
        await ExecuteAsync(_superuser, Insert("secrets", Values(Tables().Single(t => t.Name == "secrets"), await ColumnsAsync("secrets"), Whose.Theirs)));
        await ExecuteAsync(_app, "set row_security = off");

        var error = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(_app, null, "select count(*) from secrets"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
    }

    [Fact]
    public async Task A_user_that_is_no_id_is_an_error_and_not_somebody()
    {
        await ExecuteAsync(_app, "begin");
        await ExecuteAsync(_app, "select set_config('portal.user_id', 'x'' or true --', true)");
        await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(_app, null, "select count(*) from users"));
    }

    private enum Whose
    {
        Mine,
        Theirs,
        MyGroups,
        OtherGroups,
        Organisation,
        System,
    }

    private static bool Applies(RowSecurity.Table table, Whose whose) => table.Access switch
    {
        TableAccess.OwnedRows => true,
        TableAccess.OwnRows or TableAccess.OwnRowsReadOnly or TableAccess.AppendAsSelf => whose is Whose.Mine or Whose.Theirs,
        _ => whose is Whose.Mine,
    };

    /// <summary>"denied" has no right at all, "policy" is a refused new row, otherwise the number of rows.</summary>
    private static string Expected(TableAccess access, Whose whose, bool signedIn, string verb)
    {
        var mine = whose == Whose.Mine && signedIn;
        var shared = signedIn && whose is Whose.Mine or Whose.MyGroups or Whose.Organisation && signedIn;
        return (access, verb) switch
        {
            (TableAccess.SystemOnly, _) => "denied",
            (TableAccess.ReadAll or TableAccess.AppendAll, "select") => "1",
            (TableAccess.AppendAll, "insert") => "1",
            (TableAccess.ReadAll or TableAccess.AppendAll or TableAccess.OwnRowsReadOnly, not "select") => "denied",
            (TableAccess.AppendAsSelf, "update" or "delete") => "denied",
            (_, "insert") => mine ? "1" : "policy",
            (TableAccess.OwnedRows, "select") => shared ? "1" : "0",
            _ => mine ? "1" : "0",
        };
    }

    private async Task<string> TryAsync(Guid? user, string sql)
    {
        await using var transaction = await _app.BeginTransactionAsync(Stop);
        try
        {
            if (user is { } id)
            {
                await ExecuteAsync(_app, $"select set_config('portal.user_id', '{id}', true)");
            }

            await using var command = new NpgsqlCommand(sql, _app);
            if (sql.StartsWith("select", StringComparison.Ordinal))
            {
                await using var reader = await command.ExecuteReaderAsync(Stop);
                return await reader.ReadAsync(Stop) ? "1" : "0";
            }

            return (await command.ExecuteNonQueryAsync(Stop)).ToString(CultureInfo.InvariantCulture);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return e.MessageText.Contains("row-level security policy", StringComparison.Ordinal) ? "policy" : "denied";
        }
        catch (PostgresException e)
        {
            return $"{e.SqlState} {e.MessageText}";
        }
    }

    private static List<RowSecurity.Table> Tables()
    {
        using var db = new PostgresPortalDb(new DbContextOptionsBuilder<PostgresPortalDb>().UseNpgsql("Host=localhost").Options);
        return [.. RowSecurity.Tables(db.Model)];
    }

    private async Task<List<(string Name, string Type)>> ColumnsAsync(string table)
    {
        var columns = new List<(string, string)>();
        await using var command = new NpgsqlCommand(
            $"select column_name, data_type from information_schema.columns where table_schema = 'public' and table_name = '{table}' and is_identity = 'NO' order by ordinal_position", _superuser);
        await using var reader = await command.ExecuteReaderAsync(Stop);
        while (await reader.ReadAsync(Stop))
        {
            columns.Add((reader.GetString(0), reader.GetString(1)));
        }

        return columns;
    }

    private static List<(string Column, string Value)> Values(RowSecurity.Table table, List<(string Name, string Type)> columns, Whose whose)
    {
        var (kind, id) = whose switch
        {
            Whose.Mine => (OwnerKind.User, Me),
            Whose.Theirs => (OwnerKind.User, Other),
            Whose.MyGroups => (OwnerKind.Group, MyGroup),
            Whose.OtherGroups => (OwnerKind.Group, OtherGroup),
            Whose.Organisation => (OwnerKind.Organisation, Guid.Empty),
            _ => (OwnerKind.System, Guid.Empty),
        };
        return [.. columns.Select(column => (column.Name, column switch
        {
            { Name: "owner_kind" } => ((int)kind).ToString(CultureInfo.InvariantCulture),
            { Name: "owner_id" } => $"'{id}'",
            _ when column.Name == table.UserColumn && table.Access != TableAccess.OwnedRows => $"'{id}'",
            { Type: "uuid" } => "gen_random_uuid()",
            { Type: "bytea" } => "decode(md5(random()::text), 'hex')",
            { Type: "boolean" } => "true",
            { Type: "timestamp with time zone" } => "now()",
            { Type: "integer" or "bigint" or "double precision" } => "(random() * 1000000000)::int",
            _ => "left(md5(random()::text), 12)",
        }))];
    }

    private static string Insert(string table, List<(string Column, string Value)> values) =>
        $"insert into {table} ({string.Join(", ", values.Select(v => v.Column))}) values ({string.Join(", ", values.Select(v => v.Value))})";

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, Guid? user, string sql)
    {
        if (user is { } id)
        {
            await ExecuteAsync(connection, $"select set_config('portal.user_id', '{id}', true)");
        }

        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Stop);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Stop);
    }
}
