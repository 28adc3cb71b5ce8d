using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;

namespace McpPortal.Accounts.Oidc;

/// <summary>Handed to <see cref="OidcEvents.IdentityVerified"/> once per sign-in, after every check of the protocol.</summary>
internal sealed class OidcTicketContext(HttpContext httpContext, OidcIdentity identity, string idToken, AuthenticationProperties properties)
{
    public HttpContext HttpContext { get; } = httpContext;

    public OidcIdentity Identity { get; } = identity;

    /// <summary>For <c>id_token_hint</c> at sign-out; a credential of sorts, not for logs.</summary>
    public string IdToken { get; } = idToken;

    public AuthenticationProperties Properties { get; } = properties;

    /// <summary>The portal's own account, set by whoever provisions it.</summary>
    public ClaimsPrincipal? Principal { get; set; }

    /// <summary>A sentence for the person when the portal does not let them in.</summary>
    public string? Refusal { get; set; }
}
