using Microsoft.AspNetCore.Authentication.OAuth;

namespace McpPortal.Accounts.Oidc;

/// <summary>Options of the sign-in scheme; what people configure is in <see cref="OidcSettings"/>.</summary>
internal sealed class OidcOptions : OAuthOptions
{
    public PathString SignedOutCallbackPath { get; set; } = "/signout-callback-oidc";

    /// <summary>The endpoints come from discovery, so the base class has nothing to check.</summary>
    public override void Validate()
    {
        if (!CallbackPath.HasValue || !SignedOutCallbackPath.HasValue)
        {
            throw new InvalidOperationException("The sign-in scheme needs its callback paths.");
        }
    }
}
