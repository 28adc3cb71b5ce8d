using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Coordination;

/// <summary>Lets one node at a time do a hosted job. Times are the database's, so skewed clocks do not matter.</summary>
internal sealed class Leases(PortalDatabase database, ThisNode node)
{
    /// <summary>Takes or prolongs the lease for this node. False: another node holds it.</summary>
    public async Task<bool> TryHoldAsync(string name, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var seconds = (int)Math.Ceiling(duration.TotalSeconds);
        var me = node.Id.Value;
        var changed = scope.Db.Database.IsNpgsql()
            ? await scope.Db.Database.ExecuteSqlAsync(
                $"""
                insert into leases (name, holder, until, fence) values ({name}, {me}, now() + make_interval(secs => {seconds}), 1)
                on conflict (name) do update set holder = excluded.holder, until = excluded.until, fence = leases.fence + 1
                where leases.until < now() or leases.holder = excluded.holder
                """,
                cancellationToken)
            : await scope.Db.Database.ExecuteSqlAsync(
                $"""
                update leases with (updlock, serializable) set holder = {me}, until = dateadd(second, {seconds}, sysdatetimeoffset()), fence = fence + 1
                where name = {name} and (until < sysdatetimeoffset() or holder = {me});
                if @@rowcount = 0 and not exists (select 1 from leases with (updlock, serializable) where name = {name})
                  insert into leases (name, holder, until, fence) values ({name}, {me}, dateadd(second, {seconds}, sysdatetimeoffset()), 1)
                """,
                cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return changed > 0;
    }
}
