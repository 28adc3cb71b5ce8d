using System.Security.Claims;

namespace McpPortal.Accounts;

/// <summary>The principal of somebody who signed in with a browser.</summary>
internal static class PortalPrincipal
{
    public const string SignInScheme = "portal";

    public static ClaimsPrincipal Create(AccountState state)
    {
        var identity = PortalClaims.Identity(SignInScheme, state.User, state.Name, state.Roles, new Claim(PortalClaims.SignIn, state.Session.ToString()));
        if (state.Email is not null)
        {
            identity.AddClaim(new Claim(ClaimTypes.Email, state.Email));
        }

        return new ClaimsPrincipal(identity);
    }
}
