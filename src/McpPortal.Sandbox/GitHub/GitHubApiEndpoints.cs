using System.Text.Json.Nodes;
using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.People;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.GitHub;

/// <summary>The part of GitHub's REST API that the portal and the sample server use.</summary>
internal static class GitHubApiEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/github/api").AddEndpointFilter(AuthorizeAsync).WithFaults("github/api");
        api.MapGet("/user", (HttpContext context) => Results.Json(GitHubJson.User(Account(context))));
        api.MapGet("/user/emails", (HttpContext context) => Results.Json(new JsonArray(GitHubJson.Email(Residents.Find(Account(context))!))));
        api.MapGet("/user/repos", (HttpContext context, GitHubStore store, SandboxAddress address) =>
            Results.Json(GitHubJson.Array(store.Repositories(Account(context)), repository => GitHubJson.Repository(repository, address.Value))));
        api.MapGet("/repos/{owner}/{name}", (HttpContext context, string owner, string name, GitHubStore store, SandboxAddress address) =>
            store.Find(Account(context), owner, name) is { } repository ? Results.Json(GitHubJson.Repository(repository, address.Value)) : NotFound());
        api.MapGet("/repos/{owner}/{name}/issues", (HttpContext context, string owner, string name, GitHubStore store, SandboxAddress address) =>
            store.Issues(Account(context), owner, name) is { } issues
                ? Results.Json(GitHubJson.Array(issues, issue => GitHubJson.Issue(issue, owner, name, address.Value)))
                : NotFound());
        api.MapPost("/repos/{owner}/{name}/issues", CreateIssueAsync);
    }

    private static async Task<IResult> CreateIssueAsync(HttpContext context, string owner, string name, GitHubStore store, SandboxAddress address)
    {
        var body = await context.Request.ReadFromJsonAsync<JsonObject>(context.RequestAborted);
        if ((string?)body?["title"] is not { Length: > 0 } title)
        {
            return Results.Json(new { message = "Validation Failed", errors = new[] { new { resource = "Issue", field = "title", code = "missing_field" } } }, statusCode: StatusCodes.Status422UnprocessableEntity);
        }

        List<string> labels = [.. body["labels"]?.AsArray().Select(label => (string?)label).OfType<string>() ?? []];
        return store.CreateIssue(Account(context), owner, name, title, (string?)body["body"] ?? "", labels) is { } issue
            ? Results.Json(GitHubJson.Issue(issue, owner, name, address.Value), statusCode: StatusCodes.Status201Created)
            : NotFound();
    }

    private static ValueTask<object?> AuthorizeAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        var tokens = context.RequestServices.GetRequiredService<TokenStore>();
        if (tokens.Find("github", BearerToken.Read(context.Request)) is not { } family)
        {
            return ValueTask.FromResult<object?>(Results.Json(
                new { message = "Bad credentials", documentation_url = "https://docs.github.com/rest", status = "401" },
                statusCode: StatusCodes.Status401Unauthorized));
        }

        context.Items[typeof(TokenFamily)] = family;
        context.Response.Headers["X-OAuth-Scopes"] = string.Join(", ", family.Scopes);
        return next(invocation);
    }

    private static string Account(HttpContext context) => ((TokenFamily)context.Items[typeof(TokenFamily)]!).Account;

    private static IResult NotFound() => Results.Json(
        new { message = "Not Found", documentation_url = "https://docs.github.com/rest", status = "404" },
        statusCode: StatusCodes.Status404NotFound);
}
