using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using McpPortal.Ui;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;

namespace McpPortal.Clients.Issuers;

/// <summary>Begins the sign-in at another issuer.</summary>
internal static class LinkEndpoints
{
    public const string Path = "/profile/link";

    public static void MapIssuerLinks(this WebApplication app)
    {
        // The form is redirected to the issuer, and browsers hold that against form-action.
        foreach (var issuer in app.Services.GetRequiredService<LinkableIssuers>().All)
        {
            // What is no address is told when the portal starts, together with what to write instead.
            if (Uri.TryCreate(issuer.Issuer, UriKind.Absolute, out var address))
            {
                app.Services.GetRequiredService<FormTargets>().AllowAlways(address);
            }
        }

        app.MapPost(Path, Begin).RequireAuthorization();
    }

    private static IResult Begin(HttpContext context, [FromForm] string? issuer, LinkableIssuers issuers)
    {
        if (issuers.Find(issuer ?? "") is not { } known || context.User.FindSignIn() is not { } signIn)
        {
            return Results.NotFound();
        }

        var properties = new AuthenticationProperties { RedirectUri = "/profile" };
        properties.Items[LinkEvents.BegunInKey] = signIn.ToString();

        // Whoever else is signed in there in this browser must not be linked by one press of a button.
        properties.Items[OidcHandler.PromptKey] = "login";
        return Results.Challenge(properties, [known.Scheme]);
    }
}
