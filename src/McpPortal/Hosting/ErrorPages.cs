using McpPortal.Data;

namespace McpPortal.Hosting;

/// <summary>People get a page that says what to do; programs get ProblemDetails.</summary>
internal static class ErrorPages
{
    public static void UseErrorPages(this WebApplication app)
    {
        app.UseWhen(IsPage, pages =>
        {
            pages.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandlingPath = "/error", CreateScopeForErrors = true, StatusCodeSelector = StatusOf });
            pages.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        });
        app.UseWhen(context => !IsPage(context), programs => programs.UseExceptionHandler(new ExceptionHandlerOptions { StatusCodeSelector = StatusOf }));
    }

    private static int StatusOf(Exception fault) => fault is UserNotActiveException ? StatusCodes.Status401Unauthorized : StatusCodes.Status500InternalServerError;

    private static bool IsPage(HttpContext context) =>
        context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
