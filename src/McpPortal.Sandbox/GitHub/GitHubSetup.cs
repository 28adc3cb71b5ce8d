namespace McpPortal.Sandbox.GitHub;

internal static class GitHubSetup
{
    public static void Add(IServiceCollection services) => services.AddSingleton<GitHubStore>();

    public static void Map(IEndpointRouteBuilder routes)
    {
        GitHubAuthorizeEndpoints.Map(routes);
        GitHubTokenEndpoints.Map(routes);
        GitHubApiEndpoints.Map(routes);
    }
}
