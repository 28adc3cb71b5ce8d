using McpPortal.Sandbox.OAuth;

namespace McpPortal.Sandbox.McpServers;

/// <summary><c>whoami</c> over HTTP: takes a bearer token, <c>X-Whoami-Token</c> or <c>X-Api-Key</c>, whatever its value.</summary>
internal sealed class WhoamiServer(TokenStore tokens, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder routes) => SampleServer.Map(
        routes,
        "whoami",
        "Who am I",
        new CallerCheck(Identify, "Bearer realm=\"sandbox-whoami\""),
        new WhoamiTools("http", SampleServer.Caller, time).All);

    /// <summary>A token that one of the stand-in providers issued must still be good; anything else is taken as it comes.</summary>
    private McpCaller? Identify(HttpContext context)
    {
        var headers = context.Request.Headers;
        var credential = BearerToken.Read(context.Request)
            ?? (headers["X-Whoami-Token"] is { Count: 1 } own ? own[0] : null)
            ?? (headers["X-Api-Key"] is { Count: 1 } key ? key[0] : null);
        if (string.IsNullOrEmpty(credential))
        {
            return null;
        }

        var hash = Randoms.Hash(credential);
        return tokens.Inspect(credential) switch
        {
            null => new McpCaller(hash, hash),
            { Live: true } known => new McpCaller(known.Owner, hash),
            _ => null,
        };
    }
}
