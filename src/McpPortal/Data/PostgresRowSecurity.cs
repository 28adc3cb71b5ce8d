using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace McpPortal.Data;

/// <summary>Roles, grants and policies on PostgreSQL. No user set in the transaction means no rows.</summary>
internal static class PostgresRowSecurity
{
    private const string Me = "nullif(current_setting('portal.user_id', true), '')::uuid";

    public static IEnumerable<string> Statements(IReadOnlyModel model, NpgsqlConnectionStringBuilder app, NpgsqlConnectionStringBuilder system)
    {
        var appRole = Quote(app.Username ?? "portal_app");
        var systemRole = Quote(system.Username ?? "portal_system");
        yield return CreateRole(app);
        yield return CreateRole(system);
        yield return $"grant usage on schema public to {appRole}, {systemRole}";
        yield return $"grant usage on all sequences in schema public to {appRole}, {systemRole}";
        foreach (var statement in RowSecurity.Tables(model).SelectMany(table => ForTable(table, appRole, systemRole)))
        {
            yield return statement;
        }

        yield return """
            create or replace function portal_notify_invalidation() returns trigger language plpgsql as $$
            begin perform pg_notify('portal_invalidation', ''); return null; end $$
            """;
        yield return "drop trigger if exists portal_notify on invalidations";
        yield return "create trigger portal_notify after insert on invalidations for each statement execute function portal_notify_invalidation()";
    }

    private static IEnumerable<string> ForTable(RowSecurity.Table table, string app, string system)
    {
        var name = Quote(table.Name);
        var mine = $"{Quote(table.UserColumn)} = {Me}";
        yield return $"alter table {name} enable row level security";
        foreach (var policy in new[] { "portal_system", "portal_read", "portal_insert", "portal_update", "portal_delete" })
        {
            yield return $"drop policy if exists {policy} on {name}";
        }

        yield return $"revoke all on {name} from {app}";
        yield return $"grant select, insert, update, delete on {name} to {system}";
        yield return $"create policy portal_system on {name} to {system} using (true) with check (true)";
        switch (table.Access)
        {
            case TableAccess.SystemOnly:
                break;
            case TableAccess.ReadAll:
                yield return Read("true");
                break;
            case TableAccess.OwnRowsReadOnly:
                yield return Read(mine);
                break;
            case TableAccess.OwnRows:
                yield return Read(mine);
                foreach (var statement in Write(mine))
                {
                    yield return statement;
                }

                break;
            case TableAccess.OwnedRows:
                var own = $"(owner_kind = {(int)OwnerKind.User} and owner_id = {Me})";
                yield return Read($"""
                    {own}
                    or (owner_kind = {(int)OwnerKind.Group} and owner_id in (select group_id from group_members where user_id = {Me}))
                    or (owner_kind = {(int)OwnerKind.Organisation} and {Me} is not null)
                    """);
                foreach (var statement in Write(own))
                {
                    yield return statement;
                }

                break;
            case TableAccess.AppendAsSelf:
                yield return Read(mine);
                yield return Insert(mine);
                break;
            case TableAccess.AppendAll:
                yield return Read("true");
                yield return Insert("true");
                break;
            default:
                throw new InvalidOperationException($"Table {table.Name} has an unknown access.");
        }

        string Read(string condition) => $"grant select on {name} to {app}; create policy portal_read on {name} for select to {app} using ({condition})";

        string Insert(string condition) => $"grant insert on {name} to {app}; create policy portal_insert on {name} for insert to {app} with check ({condition})";

        IEnumerable<string> Write(string condition)
        {
            yield return Insert(condition);
            yield return $"grant update on {name} to {app}; create policy portal_update on {name} for update to {app} using ({condition}) with check ({condition})";
            yield return $"grant delete on {name} to {app}; create policy portal_delete on {name} for delete to {app} using ({condition})";
        }
    }

    /// <summary>Creates the role where it is missing. Superuser and BYPASSRLS are never granted, so the policies bind it.</summary>
    private static string CreateRole(NpgsqlConnectionStringBuilder connection)
    {
        var name = connection.Username ?? throw new InvalidOperationException("ConnectionStrings:App and ConnectionStrings:System must name a user each.");
        var password = string.IsNullOrEmpty(connection.Password) ? "" : $" password {Literal(connection.Password)}";
        return $"""
            do $portal$ begin
              if not exists (select from pg_roles where rolname = {Literal(name)}) then
                create role {Quote(name)} login nosuperuser nocreatedb nocreaterole nobypassrls{password};
              end if;
            end $portal$
            """;
    }

    private static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Literal(string text) => text.Contains('\\', StringComparison.Ordinal) || text.Contains("$portal$", StringComparison.Ordinal)
        ? throw new InvalidOperationException("A database password with a backslash or '$portal$' cannot be set by the migration. Create the role by hand, or choose another password.")
        : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
