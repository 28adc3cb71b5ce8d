using McpPortal.Accounts;
using McpPortal.Clients;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Api;

/// <summary>Whose data a REST request is about: always the key's owner. Naming anybody else is 404, as if they did not exist.</summary>
internal sealed class ApiUser(PortalDatabase database)
{
    /// <summary>The caller when <paramref name="username"/> is left out or names the caller, otherwise null.</summary>
    /// <param name="context">The authenticated request.</param>
    /// <param name="username">The caller's own verified e-mail address, display of <c>issuer|sub</c>, or id; <c>default</c> in single-user mode.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async ValueTask<UserId?> ResolveAsync(HttpContext context, string? username, CancellationToken cancellationToken)
    {
        var caller = context.User.GetUserId();
        if (username is null || username == caller.ToString() || (caller == SingleUserMode.User && username == SingleUserMode.Name))
        {
            return caller;
        }

        await using var scope = await database.ForUserAsync(caller, cancellationToken);
        var own = await scope.Db.Users.Where(u => u.Id == caller).Select(u => new { u.Email, u.EmailVerified }).SingleOrDefaultAsync(cancellationToken);
        if (own is { EmailVerified: true, Email: { } email } && string.Equals(email, username, StringComparison.OrdinalIgnoreCase))
        {
            return caller;
        }

        return await scope.Db.Identities.AnyAsync(i => i.UserId == caller && i.Issuer + "|" + i.Subject == username, cancellationToken) ? caller : null;
    }
}
