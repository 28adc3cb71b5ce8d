using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Admin;

/// <summary>Asks the database whether somebody holds a role now. A page's own authorization may be older than the answer.</summary>
internal sealed class RoleCheck(PortalDatabase database)
{
    public async Task<bool> HoldsAsync(UserId user, Roles anyOf, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForAccountAsync(user, cancellationToken);
        return await scope.Db.Users.AnyAsync(u => u.Id == user && u.Status == UserStatus.Active && ((u.ClaimedRoles | u.GrantedRoles) & anyOf) != Roles.None, cancellationToken);
    }
}
