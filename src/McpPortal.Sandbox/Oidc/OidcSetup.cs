namespace McpPortal.Sandbox.Oidc;

internal static class OidcSetup
{
    public static void Add(IServiceCollection services) => services
        .AddHttpClient()
        .AddSingleton<SigningKeys>()
        .AddSingleton<SignInSessions>()
        .AddSingleton<OidcTokens>()
        .AddSingleton<BackChannelLogout>();

    public static void Map(IEndpointRouteBuilder routes)
    {
        DiscoveryEndpoints.Map(routes);
        OidcAuthorizeEndpoints.Map(routes);
        OidcTokenEndpoints.Map(routes);
        EndSessionEndpoints.Map(routes);
    }
}
