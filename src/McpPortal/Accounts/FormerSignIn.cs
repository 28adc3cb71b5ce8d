using McpPortal.Audit;
using Microsoft.AspNetCore.Authentication;

namespace McpPortal.Accounts;

internal static class FormerSignIn
{
    /// <summary>Signing in over another sign-in of this browser ends that one.</summary>
    public static async Task EndFormerAsync(this SignIns signIns, HttpContext context)
    {
        var before = (await context.AuthenticateAsync(PortalPrincipal.SignInScheme)).Principal;
        if (before?.FindUserId() is { } user && before.FindSignIn() is { } former)
        {
            await signIns.EndAsync(user, former, Actor.Page(user), context.RequestAborted);
        }
    }
}
