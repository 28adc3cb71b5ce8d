using McpPortal.Audit;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Servers;

/// <summary>Whether an actor administers the organisation, asked of the database in the transaction of the change; no page is trusted.</summary>
internal static class AdminCheck
{
    public const string Sentence = "Only administrators can do this.";

    public static async Task<bool> IsAdminAsync(this SystemScope scope, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.User is not { } user)
        {
            // The command line and hosted jobs: whoever runs these runs the portal.
            return true;
        }

        var row = await scope.Db.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Id == user && u.Status == UserStatus.Active, cancellationToken);
        return row is not null && row.Roles.HasFlag(Roles.Admin);
    }
}
