using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OAuth;

namespace McpPortal.Accounts.Oidc;

/// <summary>What happens around a sign-in; failures end on a page with a sentence, never on an error page.</summary>
internal class OidcEvents : OAuthEvents
{
    /// <summary>Turns the verified identity into an account: sets the principal or a refusal.</summary>
    public virtual Task IdentityVerified(OidcTicketContext context) =>
        throw new InvalidOperationException("Nobody provisions accounts: set OidcOptions.EventsType to a class that overrides IdentityVerified.");

    public override async Task AccessDenied(AccessDeniedContext context)
    {
        await SignInProblem.WriteAsync(context.HttpContext, StatusCodes.Status403Forbidden, "You did not sign in",
            "The sign-in was cancelled, or the provider did not allow it. You can try again.");
        context.HandleResponse();
    }

    public override async Task RemoteFailure(RemoteFailureContext context)
    {
        var (status, sentence) = context.Failure switch
        {
            SignInRefusedException refused => (refused.Status, refused.Message),
            _ => (StatusCodes.Status400BadRequest, "This sign-in could not be finished; it may have been started in another browser or too long ago. Start again."),
        };
        await SignInProblem.WriteAsync(context.HttpContext, status, "Sign-in did not work", sentence);
        context.HandleResponse();
    }
}
