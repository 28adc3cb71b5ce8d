using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.AspNetCore.Diagnostics;

namespace McpPortal.Hosting;

/// <summary>People get a page that says what to do; programs get ProblemDetails.</summary>
internal static class ErrorPages
{
    private const string RetrySeconds = "5";

    public static void UseErrorPages(this WebApplication app)
    {
        app.UseWhen(IsPage, pages =>
        {
            pages.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandlingPath = "/error", CreateScopeForErrors = true, StatusCodeSelector = StatusOf });
            pages.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
            pages.Use((context, next) =>
            {
                // The page is shown, not posted to: as a form without a token, a refused form would be refused once more, with another status.
                if (context.Features.Get<IStatusCodeReExecuteFeature>() is not null && !HttpMethods.IsHead(context.Request.Method))
                {
                    context.Request.Method = HttpMethods.Get;
                }

                return next(context);
            });
        });
        app.UseWhen(context => !IsPage(context), programs => programs.UseExceptionHandler(new ExceptionHandlerOptions { StatusCodeSelector = StatusOf }));
    }

    /// <summary>Says in a sentence what the portal lacks; never what the fault says.</summary>
    public static void Explain(ProblemDetailsContext context)
    {
        if (context.Exception is not { } fault || StatusOf(fault) != StatusCodes.Status503ServiceUnavailable)
        {
            return;
        }

        context.HttpContext.Response.Headers.RetryAfter = RetrySeconds;
        (context.ProblemDetails.Title, context.ProblemDetails.Detail) = IsSealed(fault)
            ? ("Sealed", "The portal's keys are not available, so it can use no credentials. Its operator has to bring them back.")
            : ("Busy", "The portal's database does not answer, so nothing was changed. Try again in a moment.");
    }

    private static int StatusOf(Exception fault) => fault is UserNotActiveException ? StatusCodes.Status401Unauthorized
        : fault is BadHttpRequestException mistake ? mistake.StatusCode
        : IsSealed(fault) || DatabaseFault.IsUnavailable(fault) ? StatusCodes.Status503ServiceUnavailable
        : StatusCodes.Status500InternalServerError;

    private static bool IsSealed(Exception? fault) => fault is VaultSealedException || (fault is not null && IsSealed(fault.InnerException));

    private static bool IsPage(HttpContext context) =>
        context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
