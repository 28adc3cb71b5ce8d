using McpPortal.Accounts.Oidc;
using McpPortal.Audit;
using McpPortal.Ui;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace McpPortal.Accounts;

/// <summary>Sign-in and sign-out are plain requests, because a circuit cannot set cookies.</summary>
internal static class SignInEndpoints
{
    private const int MaxLogoutForm = 64 * 1024;

    public static void MapSignIn(this WebApplication app)
    {
        app.MapPost("/signout", SignOutAsync).AllowAnonymous();
        if (app.Services.GetRequiredService<SingleUserMode>().IsOn)
        {
            return;
        }

        // The sign-out form is redirected to the provider, and browsers hold that against form-action.
        app.Services.GetRequiredService<FormTargets>().AllowAlways(new Uri(app.Services.GetRequiredService<OidcProvider>().Settings.Authority));
        app.MapGet("/signin", SignIn).AllowAnonymous().WithOrder(-1); // before the page of single-user mode
        app.MapPost("/backchannel-logout", LogoutAsync).AllowAnonymous().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxLogoutForm));
    }

    private static IResult SignIn(HttpContext context, string? returnUrl, [FromQuery(Name = "login_hint")] string? loginHint)
    {
        var target = LocalPath.OrHome(returnUrl);
        if (context.User.FindUserId() is not null && loginHint is null)
        {
            return Results.LocalRedirect(target);
        }

        var properties = new AuthenticationProperties { RedirectUri = target };
        if (loginHint is { Length: > 0 and <= 320 })
        {
            properties.Items[OidcHandler.LoginHintKey] = loginHint;
        }

        return Results.Challenge(properties, [OidcHandler.SchemeName]);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery, SignIns signIns, SingleUserMode mode)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Results.BadRequest("Open the page again and sign out from there.");
        }

        var ticket = await context.AuthenticateAsync(PortalPrincipal.SignInScheme);
        if (context.User.FindUserId() is not { } user || context.User.FindSignIn() is not { } session)
        {
            await context.SignOutAsync(PortalPrincipal.SignInScheme);
            return Results.LocalRedirect("/");
        }

        await signIns.EndAsync(user, session, Actor.Page(user), context.RequestAborted);
        if (mode.IsOn)
        {
            await context.SignOutAsync(PortalPrincipal.SignInScheme);
            return Results.LocalRedirect("/");
        }

        var properties = new AuthenticationProperties { RedirectUri = "/" };
        if (ticket.Properties?.Items.TryGetValue(OidcHandler.IdTokenHintKey, out var hint) == true)
        {
            properties.Items[OidcHandler.IdTokenHintKey] = hint;
        }

        return Results.SignOut(properties, [PortalPrincipal.SignInScheme, OidcHandler.SchemeName]);
    }

    /// <summary>OpenID Connect Back-Channel Logout 1.0 §2.7 and §2.8.</summary>
    private static async Task<Results<Ok, BadRequest<LogoutError>>> LogoutAsync(HttpContext context, [FromForm(Name = "logout_token")] string? token, LogoutTokens tokens, SignIns signIns, ILoggerFactory loggers)
    {
        context.Response.Headers.CacheControl = "no-store";
        var (request, problem) = await tokens.VerifyAsync(token ?? "", context.RequestAborted);
        if (request is null)
        {
            OidcLog.LogoutRefused(loggers.CreateLogger(typeof(SignInEndpoints)), problem);
            return TypedResults.BadRequest(new LogoutError("invalid_request", "The logout token was not accepted."));
        }

        await signIns.EndAsync(request, context.RequestAborted);
        return TypedResults.Ok();
    }

    private sealed record LogoutError(
        [property: System.Text.Json.Serialization.JsonPropertyName("error")] string Error,
        [property: System.Text.Json.Serialization.JsonPropertyName("error_description")] string Description);
}
