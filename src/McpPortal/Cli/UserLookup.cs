using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Cli;

/// <summary>Finds the user that an operator names: a unique verified e-mail address of the configured issuer, else <c>issuer|sub</c>.</summary>
internal static class UserLookup
{
    public static async Task<User> FindAsync(PortalDb db, string name, string? issuer, CancellationToken cancellationToken)
    {
        var query = name.Split('|') is [var iss, var sub]
            ? db.Users.Where(u => db.Identities.Any(i => i.UserId == u.Id && i.Issuer == iss && i.Subject == sub))
            : db.Users.Where(u => u.EmailVerified && u.Email == name && (issuer == null || db.Identities.Any(i => i.UserId == u.Id && i.Issuer == issuer)));
        var found = await query.Where(u => u.Status != UserStatus.Deleted).Take(2).ToListAsync(cancellationToken);
        return found.Count switch
        {
            1 => found[0],
            0 => throw new CliException($"There is no user '{name}'. People appear when they first sign in; name them by e-mail address or by 'issuer|sub'.", exitCode: 2),
            _ => throw new CliException($"'{name}' is more than one user. Name the user by 'issuer|sub'; 'user list' shows them.", exitCode: 2),
        };
    }
}
