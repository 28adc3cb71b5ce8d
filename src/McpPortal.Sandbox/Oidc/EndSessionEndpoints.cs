using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.Pages;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Sandbox.Oidc;

/// <summary>OpenID Connect RP-Initiated Logout 1.0: at once with a good <c>id_token_hint</c>, else after a question.</summary>
internal static class EndSessionEndpoints
{
    private const string Path = "/oidc/end-session";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, (HttpContext context, SandboxOptions options, SigningKeys keys, SignInSessions sessions, BackChannelLogout logout) =>
            EndAsync(context, context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()), options, keys, sessions, logout)).WithFaults("oidc/end-session");
        routes.MapPost(Path, async (HttpContext context, SandboxOptions options, SigningKeys keys, SignInSessions sessions, BackChannelLogout logout) =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            return await EndAsync(context, form.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()), options, keys, sessions, logout);
        }).WithFaults("oidc/end-session");
    }

    private static async Task<IResult> EndAsync(
        HttpContext context,
        Dictionary<string, string> parameters,
        SandboxOptions options,
        SigningKeys keys,
        SignInSessions sessions,
        BackChannelLogout logout)
    {
        var token = keys.Read(parameters.GetValueOrDefault("id_token_hint"));
        var forUs = (string?)token?["aud"] == options.Portal.Id;
        var clicked = parameters.GetValueOrDefault("decision") == "signout";
        if (!forUs && !clicked)
        {
            return Ask(parameters);
        }

        var session = sessions.Find((string?)token?["sid"]) ?? sessions.Current(context);
        if (session is not null)
        {
            await logout.EndAsync(session, context.RequestAborted);
        }

        return Return(parameters, options.Portal);
    }

    private static IResult Ask(Dictionary<string, string> parameters)
    {
        var hidden = string.Concat(parameters
            .Where(pair => pair.Key is "post_logout_redirect_uri" or "state" or "client_id")
            .Select(pair => $"""<input type="hidden" name="{pair.Key}" value="{SandboxPage.Text(pair.Value)}">"""));
        return SandboxPage.Show("Sign out?", $"""
            <p>You would be signed out of the sandbox and of what you opened with it.</p>
            <form method="post" action="{Path}">{hidden}<button class="main plain" name="decision" value="signout" data-testid="signout-confirm" autofocus>Sign out</button></form>
            """);
    }

    private static IResult Return(Dictionary<string, string> parameters, SandboxClient client)
    {
        var uri = parameters.GetValueOrDefault("post_logout_redirect_uri");
        if (uri is null || !(client.PostLogoutRedirectUris.Contains(uri) || (client.AllowLoopback && Loopback.IsHttp(uri))))
        {
            return SandboxPage.Show("Signed out", """<p data-testid="signed-out">You are signed out. You can close this page.</p>""");
        }

        return Results.Redirect(parameters.GetValueOrDefault("state") is { Length: > 0 } state
            ? QueryHelpers.AddQueryString(uri, "state", state)
            : uri);
    }
}
