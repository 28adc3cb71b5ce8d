namespace McpPortal.Hosting;

/// <summary>People get a page that says what to do; programs get ProblemDetails.</summary>
internal static class ErrorPages
{
    public static void UseErrorPages(this WebApplication app)
    {
        app.UseWhen(IsPage, pages =>
        {
            pages.UseExceptionHandler("/error", createScopeForErrors: true);
            pages.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        });
        app.UseWhen(context => !IsPage(context), programs => programs.UseExceptionHandler());
    }

    private static bool IsPage(HttpContext context) =>
        context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
