using System.Security.Claims;
using McpPortal.Data;

namespace McpPortal.Accounts;

/// <summary>The claims of a signed-in principal, the same for cookies, access keys and tokens.</summary>
internal static class PortalClaims
{
    /// <summary>The sign-in session that a cookie names.</summary>
    public const string SignIn = "portal:sid";

    /// <summary>Public id of the access key that was presented.</summary>
    public const string AccessKey = "portal:key";

    /// <summary>Public id of the service key that was presented; there is no user then.</summary>
    public const string ServiceKey = "portal:service-key";

    public const string AdminRole = "admin";

    public const string AuditorRole = "auditor";

    /// <summary>The user, or null for anonymous.</summary>
    public static UserId? FindUserId(this ClaimsPrincipal principal) =>
        Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id) ? new UserId(id) : null;

    /// <summary>The user. Throws for anonymous: use where authorization was required.</summary>
    public static UserId GetUserId(this ClaimsPrincipal principal) =>
        principal.FindUserId() ?? throw new InvalidOperationException("Nobody is signed in.");

    public static SignInSessionId? FindSignIn(this ClaimsPrincipal principal) =>
        Guid.TryParse(principal.FindFirstValue(SignIn), out var id) ? new SignInSessionId(id) : null;

    /// <summary>The identity of a user who authenticated by the given scheme.</summary>
    public static ClaimsIdentity Identity(string scheme, UserId user, string name, Roles roles, params ReadOnlySpan<Claim> more)
    {
        var identity = new ClaimsIdentity(scheme, ClaimTypes.Name, ClaimTypes.Role);
        identity.AddClaim(new Claim(ClaimTypes.NameIdentifier, user.ToString()));
        identity.AddClaim(new Claim(ClaimTypes.Name, name));
        if (roles.HasFlag(Roles.Admin))
        {
            identity.AddClaim(new Claim(ClaimTypes.Role, AdminRole));
        }

        if (roles.HasFlag(Roles.Auditor))
        {
            identity.AddClaim(new Claim(ClaimTypes.Role, AuditorRole));
        }

        foreach (var claim in more)
        {
            identity.AddClaim(claim);
        }

        return identity;
    }
}
