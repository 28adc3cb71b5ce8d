using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using McpPortal.Audit;
using Microsoft.AspNetCore.Authentication;

namespace McpPortal.Clients.Issuers;

/// <summary>
/// What follows a sign-in at another issuer: it is linked to the person who is signed in to the portal, in the very sign-in that began it, and signs
/// nobody in.
/// </summary>
internal sealed class LinkEvents(IssuerLinks links, LinkableIssuers issuers) : OidcEvents
{
    /// <summary>Key of the properties under which a challenge carries the sign-in that it began in.</summary>
    public const string BegunInKey = ".begun-in";

    public override async Task IdentityVerified(OidcTicketContext context)
    {
        var request = context.HttpContext;
        var here = await request.AuthenticateAsync(PortalPrincipal.SignInScheme);
        if (here.Principal?.FindUserId() is not { } user || here.Principal.FindSignIn() is not { } signIn
            || !context.Properties.Items.TryGetValue(BegunInKey, out var begunIn) || begunIn != signIn.ToString())
        {
            context.Refusal = "Somebody else is signed in here now, or nobody. Sign in again and start from your profile.";
            return;
        }

        context.Principal = here.Principal;
        context.Refusal = issuers.Find(context.Identity.Issuer) is null
            ? "The tokens of this issuer name it differently than the portal's settings. Tell an administrator."
            : await links.AddAsync(user, context.Identity.Issuer, context.Identity.Subject, Actor.Page(user), request.RequestAborted);
    }

    public override Task TicketReceived(TicketReceivedContext context)
    {
        context.Response.Redirect(LocalPath.OrHome(context.ReturnUri));
        context.HandleResponse();
        return Task.CompletedTask;
    }
}
