namespace McpPortal.Sandbox.Google;

internal static class GoogleSetup
{
    public static void Add(IServiceCollection services) => services
        .AddSingleton<GoogleIssuer>()
        .AddSingleton<GoogleIdTokens>()
        .AddSingleton<Mailboxes>();

    public static void Map(IEndpointRouteBuilder routes)
    {
        GoogleDiscoveryEndpoints.Map(routes);
        GoogleAuthorizeEndpoints.Map(routes);
        GoogleTokenEndpoints.Map(routes);
        GmailEndpoints.Map(routes);
    }
}
