using Microsoft.EntityFrameworkCore.Metadata;

namespace McpPortal.Data;

/// <summary>
/// Security policies on SQL Server over <c>SESSION_CONTEXT</c>, which the driver clears when a pooled connection is handed out again.
/// Members of the database role portal_system see every row; no user set means no rows for anybody else.
/// </summary>
internal static class SqlServerRowSecurity
{
    private const string Me = "cast(session_context(N'portal.user_id') as uniqueidentifier)";
    private const string System = "is_rolemember(N'portal_system') = 1";

    public static IEnumerable<string> Statements(IReadOnlyModel model)
    {
        var tables = RowSecurity.Tables(model);
        yield return "if database_principal_id(N'portal_app') is null create role portal_app";
        yield return "if database_principal_id(N'portal_system') is null create role portal_system";
        yield return "if schema_id(N'portal') is null exec(N'create schema portal')";
        foreach (var table in tables)
        {
            yield return $"drop security policy if exists portal.{table.Name}_policy";
        }

        yield return Function("own_rows", "@user uniqueidentifier", $"{System} or @user = {Me}");
        yield return Function("owned_rows_write", "@kind int, @id uniqueidentifier", $"{System} or (@kind = {(int)OwnerKind.User} and @id = {Me})");
        yield return Function(
            "owned_rows_read",
            "@kind int, @id uniqueidentifier",
            $"""
            {System} or (@kind = {(int)OwnerKind.User} and @id = {Me})
              or (@kind = {(int)OwnerKind.Group} and exists (select 1 from dbo.group_members m where m.group_id = @id and m.user_id = {Me}))
              or (@kind = {(int)OwnerKind.Organisation} and {Me} is not null)
            """);
        foreach (var statement in tables.SelectMany(ForTable))
        {
            yield return statement;
        }
    }

    private static IEnumerable<string> ForTable(RowSecurity.Table table)
    {
        yield return $"grant select, insert, update, delete on dbo.{table.Name} to portal_system";
        yield return $"revoke select, insert, update, delete on dbo.{table.Name} from portal_app";
        var own = $"portal.own_rows({table.UserColumn})";
        switch (table.Access)
        {
            case TableAccess.SystemOnly:
                break;
            case TableAccess.ReadAll:
                yield return Grant("select");
                break;
            case TableAccess.OwnRowsReadOnly:
                yield return Grant("select");
                yield return $"create security policy portal.{table.Name}_policy add filter predicate {own} on dbo.{table.Name} with (state = on)";
                break;
            case TableAccess.OwnRows:
                yield return Grant("select, insert, update, delete");
                yield return Policy(own, own);
                break;
            case TableAccess.OwnedRows:
                yield return Grant("select, insert, update, delete");
                yield return Policy("portal.owned_rows_read(owner_kind, owner_id)", "portal.owned_rows_write(owner_kind, owner_id)");
                break;
            case TableAccess.AppendAsSelf:
                yield return Grant("select, insert");
                yield return Policy(own, own);
                break;
            case TableAccess.AppendAll:
                yield return Grant("select, insert");
                break;
            default:
                throw new InvalidOperationException($"Table {table.Name} has an unknown access.");
        }

        string Grant(string rights) => $"grant {rights} on dbo.{table.Name} to portal_app";

        string Policy(string read, string write) => $"""
            create security policy portal.{table.Name}_policy
              add filter predicate {read} on dbo.{table.Name},
              add block predicate {write} on dbo.{table.Name} after insert,
              add block predicate {write} on dbo.{table.Name} before update,
              add block predicate {write} on dbo.{table.Name} after update,
              add block predicate {write} on dbo.{table.Name} before delete
              with (state = on)
            """;
    }

    private static string Function(string name, string parameters, string condition) => $"""
        create or alter function portal.{name}({parameters}) returns table with schemabinding as
        return select 1 as allowed where {condition}
        """;
}
