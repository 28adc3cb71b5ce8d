using McpPortal.Accounts.Oidc;

namespace McpPortal.Accounts;

/// <summary>Lets a verified identity in: account, session, cookie.</summary>
internal sealed class AccountEvents(SignIns signIns) : OidcEvents
{
    /// <summary>Longer hints would make the cookie too large; sign-out at the provider then asks the person.</summary>
    private const int MaxHint = 3000;

    public override async Task IdentityVerified(OidcTicketContext context)
    {
        var request = context.HttpContext;
        switch (await signIns.BeginAsync(context.Identity, request.Request.Headers.UserAgent, request.RequestAborted))
        {
            case SignInOutcome.Refused refused:
                context.Refusal = refused.Sentence;
                return;
            case SignInOutcome.Accepted accepted:
                await signIns.EndFormerAsync(request);
                context.Principal = PortalPrincipal.Create(accepted.State);
                if (context.IdToken.Length <= MaxHint)
                {
                    context.Properties.Items[OidcHandler.IdTokenHintKey] = context.IdToken;
                }

                context.Properties.IsPersistent = false;
                return;
        }
    }
}
