using System.ComponentModel;
using System.Text.Json.Nodes;
using McpPortal.Sandbox.GitHub;
using McpPortal.Sandbox.OAuth;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Sandbox.McpServers;

/// <summary><c>github</c>: acts on the stand-in GitHub as the account whose bearer token it is given.</summary>
internal sealed class GitHubServer(GitHubStore store, TokenStore tokens, SandboxAddress address)
{
    public void Map(IEndpointRouteBuilder routes) => SampleServer.Map(routes, "github", "GitHub (sandbox)", new CallerCheck(Identify, "Bearer realm=\"sandbox-github\", error=\"invalid_token\""),
    [
        McpServerTool.Create(GetMe, new() { Name = "get_me", Title = "Who am I", ReadOnly = true, OpenWorld = false }),
        McpServerTool.Create(ListRepositories, new() { Name = "list_repos", Title = "List repositories", ReadOnly = true, OpenWorld = false }),
        McpServerTool.Create(ListIssues, new() { Name = "list_issues", Title = "List issues", ReadOnly = true, OpenWorld = false }),
        McpServerTool.Create(CreateIssue, new() { Name = "create_issue", Title = "Create an issue", ReadOnly = false, Destructive = false, OpenWorld = false }),
    ]);

    private McpCaller? Identify(HttpContext context)
    {
        var token = BearerToken.Read(context.Request);
        return tokens.Find("github", token) is { } family ? new McpCaller(family.Account, Randoms.Hash(token!)) : null;
    }

    [Description("Tells which GitHub account this is.")]
    private static JsonObject GetMe(RequestContext<CallToolRequestParams> request) => GitHubJson.User(SampleServer.Caller(request).Owner);

    [Description("Lists the repositories this account can see.")]
    private JsonArray ListRepositories(RequestContext<CallToolRequestParams> request) =>
        GitHubJson.Array(store.Repositories(SampleServer.Caller(request).Owner), repository => GitHubJson.Repository(repository, address.Value));

    [Description("Lists the open issues of a repository, newest first.")]
    private JsonArray ListIssues(
        RequestContext<CallToolRequestParams> request,
        [Description("Owner of the repository")] string owner,
        [Description("Name of the repository")] string repo) =>
        store.Issues(SampleServer.Caller(request).Owner, owner, repo) is { } issues
            ? GitHubJson.Array(issues, issue => GitHubJson.Issue(issue, owner, repo, address.Value))
            : throw NoRepository(owner, repo);

    [Description("Creates an issue in a repository.")]
    private JsonObject CreateIssue(
        RequestContext<CallToolRequestParams> request,
        [Description("Owner of the repository")] string owner,
        [Description("Name of the repository")] string repo,
        [Description("Title of the issue")] string title,
        [Description("Text of the issue")] string? body = null) =>
        store.CreateIssue(SampleServer.Caller(request).Owner, owner, repo, title, body ?? "", []) is { } issue
            ? GitHubJson.Issue(issue, owner, repo, address.Value)
            : throw NoRepository(owner, repo);

    private static McpException NoRepository(string owner, string repo) => new($"There is no repository {owner}/{repo} that this account can see.");
}
