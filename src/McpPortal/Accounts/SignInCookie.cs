using System.Data.Common;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace McpPortal.Accounts;

/// <summary>Checks the sign-in behind the cookie on every request; roles and name are today's, not those of the sign-in.</summary>
internal sealed partial class SignInCookie(AccountStates states, ILogger<SignInCookie> logger) : CookieAuthenticationEvents
{
    public override async Task ValidatePrincipal(CookieValidatePrincipalContext context)
    {
        if (context.Principal?.FindUserId() is not { } user || context.Principal.FindSignIn() is not { } session)
        {
            context.RejectPrincipal();
            return;
        }

        try
        {
            if (await states.GetAsync(session, user, context.HttpContext.RequestAborted) is { } state)
            {
                context.ReplacePrincipal(PortalPrincipal.Create(state));
            }
            else
            {
                context.RejectPrincipal();
            }
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or TimeoutException)
        {
            // Nobody is let in on memory; the cookie stays good for when the database is back.
            Log.NotChecked(logger, e.GetType().Name);
            context.HttpContext.Items[typeof(SignInCookie)] = ExceptionDispatchInfo.Capture(e);
            context.RejectPrincipal();
        }
    }

    public override Task RedirectToLogin(RedirectContext<CookieAuthenticationOptions> context) => AnswerAsync(context, StatusCodes.Status401Unauthorized, base.RedirectToLogin);

    public override Task RedirectToAccessDenied(RedirectContext<CookieAuthenticationOptions> context) => AnswerAsync(context, StatusCodes.Status403Forbidden, base.RedirectToAccessDenied);

    /// <summary>
    /// Only people who follow a link are sent to another page; programs and forms get the status. Whose sign-in could not be checked need
    /// not sign in again: they are told what failed.
    /// </summary>
    private static Task AnswerAsync(RedirectContext<CookieAuthenticationOptions> context, int status, Func<RedirectContext<CookieAuthenticationOptions>, Task> redirect)
    {
        (context.HttpContext.Items[typeof(SignInCookie)] as ExceptionDispatchInfo)?.Throw();
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            // The handler makes an address of the Host header, which is whatever the request says.
            context.RedirectUri = new Uri(context.RedirectUri).PathAndQuery;
            return redirect(context);
        }

        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "A sign-in could not be checked ({Reason}); the request goes on as nobody's")]
        public static partial void NotChecked(ILogger logger, string reason);
    }
}
