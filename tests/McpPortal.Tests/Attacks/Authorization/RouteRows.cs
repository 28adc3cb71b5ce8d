using System.Net.Http.Json;
using McpPortal.Gateway;
using McpPortal.Tests.Sandbox;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>A request to one route with the owner's ids, and what each visitor gets, in the order of <see cref="Visitor.AllAsync"/>.</summary>
/// <param name="Route">Method and pattern.</param>
/// <param name="Expected">Statuses with blanks between; <c>signin</c> and <c>denied</c> for a redirect to these pages. Empty where there is nothing to try, and <paramref name="About"/> says why.</param>
/// <param name="Request">Makes the request anew.</param>
/// <param name="About">Which side of the route.</param>
internal sealed record RouteRow(string Route, string Expected, Func<Estate, HttpRequestMessage>? Request, string About = "");

/// <summary>The table of all routes.</summary>
internal static class RouteRows
{
    //                               owner  other  disabled admin auditor anonymous key read-only other's admin's disabled's key
    private const string Everybody = "200 200 200 200 200 200 200 200 200 200 200";
    private const string SignedIn = "200 200 signin 200 200 signin signin signin signin signin signin";
    private const string Admins = "denied denied signin 200 denied signin signin signin signin signin signin";
    private const string AdminsAndAuditors = "denied denied signin 200 200 signin signin signin signin signin signin";
    private const string Nobody = "401 401 401 401 401 401 ";
    private const string Foreign = " 404 404 401";

    public static IReadOnlyList<RouteRow> All { get; } =
    [
        Page("/", Everybody),
        Page("/error", Everybody),
        Page("/not-allowed", Everybody),
        Page("/not-found", Everybody),
        Page("/signed-out", Everybody),
        Page("/access", SignedIn),
        Page("/activity", SignedIn),
        Page("/connections", SignedIn),
        Page("/connections/confirm/{ServerSlug}", SignedIn, e => $"/connections/confirm/{e.Moved.Slug}"),
        Page("/connections/other/{Wanted:guid}/{Got:guid}", SignedIn, e => $"/connections/other/{e.Connection}/{e.SecondConnection}"),
        Page("/connect/{Provider}", SignedIn, _ => "/connect/github"),
        Page("/console", SignedIn),
        Page("/continue/{Slug}/{Mark}", SignedIn, e => ContinueLink.PathTo(e.Owner, e.Server.Slug)),
        Page("/profile", SignedIn),
        Page("/secrets", SignedIn),
        Page("/toolsets", SignedIn),
        Page("/toolsets/new", SignedIn),
        Page("/toolsets/{Name}", SignedIn, e => $"/toolsets/{e.ToolsetName}"),
        Page("/sessions", SignedIn),
        Page("/servers", SignedIn),
        Page("/servers/new", SignedIn),
        Page("/servers/{Slug}", SignedIn, e => $"/servers/{e.Server.Slug}"),
        Page("/servers/{Slug}/edit", SignedIn, e => $"/servers/{e.Server.Slug}/edit"),
        Page("/admin", AdminsAndAuditors),
        Page("/admin/programs", Admins),
        Page("/admin/servers", Admins),
        Page("/admin/sessions", AdminsAndAuditors),
        Page("/admin/users", Admins),

        new("POST /connect/{provider}", "302 404 401 404 404 401 401 401 401 401 401", e => Form("/connect/github", ("target", $"{e.Server.Id}|github|{e.Server.Destination}")), "for the owner's server"),
        new("POST /connect/{provider}", "302 404 401 404 404 401 401 401 401 401 401", e => Form("/connect/github", ("reconnect", e.Connection.ToString())), "reconnecting the owner's connection"),
        new("GET /connect/{provider}/callback", "400 400 signin 400 400 signin signin signin signin signin signin", _ => Html(HttpMethod.Get, "/connect/github/callback?state=made-up&code=made-up"), "with a state that nobody began"),
        new("POST /profile/link", "404 404 401 404 404 401 401 401 401 401 401", _ => Form("/profile/link", ("issuer", "https://made-up.example")), "to an issuer that is none"),
        new("POST /signout", "302 302 302 302 302 302 302 302 302 302 302", _ => Form("/signout")),
        new("GET /signin", "302 302 503 302 302 503 503 503 503 503 503", _ => Html(HttpMethod.Get, "/signin"), "while the provider is down; home for those who are signed in"),
        new("POST /backchannel-logout", "400 400 400 400 400 400 400 400 400 400 400", _ => Form("/backchannel-logout", ("logout_token", "made-up")), "with a token that no provider signed"),

        new("POST /mcp/tool/call", Nobody + "502 502" + Foreign, e => Json("/mcp/tool/call", new { serverName = e.Server.Slug, methodName = "whoami" }), "the owner's server, at whose address nobody listens"),
        new("POST /mcp/tool/call", Nobody + "409 409" + Foreign, e => Json("/mcp/tool/call", new { username = e.Owner.ToString(), serverName = e.Shared.Slug, methodName = "whoami" }), "in the owner's name, at a server that needs a secret"),
        new("POST /secrets/set", Nobody + "200 403" + Foreign, e => Json("/secrets/set", new { serverName = e.Server.Slug, secretName = Estate.Key.Name, secretValue = "fake-value" }), "at the owner's server"),
        new("POST /secrets/set", Nobody + "200 403" + Foreign, e => Json("/secrets/set", new { username = e.Owner.ToString(), serverName = e.Shared.Slug, secretName = Estate.Key.Name, secretValue = "fake-value" }), "in the owner's name"),
        new("POST /secrets/delete", Nobody + "200 403" + Foreign, e => Json("/secrets/delete", new { serverName = e.Server.Slug, secretName = Estate.Key.Name }), "at the owner's server"),
        new("POST /secrets/delete", Nobody + "200 403" + Foreign, e => Json("/secrets/delete", new { username = e.Owner.ToString(), serverName = e.Server.Slug, secretName = Estate.Key.Name }), "in the owner's name"),
        new("POST /secrets/set", Nobody + "400 400 400 400 401", _ => new HttpRequestMessage(HttpMethod.Post, "/secrets/set") { Content = new StringContent("{", null, "application/json") }, "with half a body"),

        Page("/authorize", "200 400 signin 400 400 signin signin signin signin signin signin", e => Consent(e)),
        new("POST /authorize", "303 400 401 400 400 401 401 401 401 401 401", e => Form("/authorize", [.. ConsentFields(e), ("decision", "allow")]), "letting a client use the owner's server"),
        new("POST /register", "201 201 201 201 201 201 201 201 201 201 201", _ => Json("/register", new { redirect_uris = new[] { Redirect } }), "with a good address"),
        new("POST /token", "400 400 400 400 400 400 401 401 401 401 401", _ => Form("/token", ("grant_type", "refresh_token"), ("refresh_token", "made-up"), ("client_id", "made-up")), "with a made-up token; an access key proves no client"),
        new("POST /revoke", "200 200 200 200 200 200 401 401 401 401 401", _ => Form("/revoke", ("token", "made-up"), ("client_id", "made-up")), "with a made-up token; an access key proves no client"),
        Page("/.well-known/oauth-authorization-server", Everybody),
        Page("/.well-known/oauth-protected-resource", Everybody),
        Page("/.well-known/oauth-protected-resource/mcp", Everybody),
        Page("/.well-known/oauth-protected-resource/mcp/{server}", Everybody, e => $"/.well-known/oauth-protected-resource/mcp/{e.Server.Slug}"),
        Page("/.well-known/oauth-protected-resource/mcp/set/{toolset}", Everybody, e => $"/.well-known/oauth-protected-resource/mcp/set/{e.ToolsetName}"),

        new("POST /mcp", Nobody + "200 200 200 200 401", _ => Initialize("/mcp"), "beginning a session with everything"),
        new("GET /mcp", Nobody + "400 400 400 400 401", _ => Stream(HttpMethod.Get, "/mcp"), "without a session"),
        new("DELETE /mcp", Nobody + "400 400 400 400 401", _ => Stream(HttpMethod.Delete, "/mcp"), "without a session"),
        new("POST /mcp/{server}", Nobody + "200 200" + Foreign, e => Initialize($"/mcp/{e.Server.Slug}"), "beginning a session with the owner's server"),
        new("GET /mcp/{server}", Nobody + "400 400 400 400 401", e => Stream(HttpMethod.Get, $"/mcp/{e.Server.Slug}"), "without a session"),
        new("DELETE /mcp/{server}", Nobody + "400 400 400 400 401", e => Stream(HttpMethod.Delete, $"/mcp/{e.Server.Slug}"), "without a session"),
        new("POST /mcp/set/{toolset}", Nobody + "200 200" + Foreign, e => Initialize($"/mcp/set/{e.ToolsetName}"), "beginning a session with the owner's toolset"),
        new("GET /mcp/set/{toolset}", Nobody + "400 400 400 400 401", e => Stream(HttpMethod.Get, $"/mcp/set/{e.ToolsetName}"), "without a session"),
        new("DELETE /mcp/set/{toolset}", Nobody + "400 400 400 400 401", e => Stream(HttpMethod.Delete, $"/mcp/set/{e.ToolsetName}"), "without a session"),

        Page("/healthz", Everybody),
        Page("/readyz", Everybody),
        Page("/openapi/{documentName}.json", Everybody, _ => "/openapi/v1.json"),
        new("* /_blazor", "", null, "circuits: CircuitMatrixTests"),
        new("* /_blazor/negotiate", "200 200 401 200 200 401 401 401 401 401 401", _ => new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1"), "opening a circuit"),
        new("* /_blazor/disconnect/", "", null, "circuits: CircuitMatrixTests"),
        new("* /_blazor/initializers/", "", null, "circuits: CircuitMatrixTests"),
    ];

    private const string Redirect = "https://client.example/callback";

    private static (string Name, string Value)[] ConsentFields(Estate estate) =>
    [
        ("response_type", "code"), ("client_id", estate.Client), ("redirect_uri", Redirect), ("code_challenge", SandboxHost.Challenge), ("code_challenge_method", "S256"),
        ("resource", $"{estate.Portal}/mcp/{estate.Server.Slug}"),
    ];

    private static string Consent(Estate estate) =>
        QueryHelpers.AddQueryString("/authorize", ConsentFields(estate).Select(field => KeyValuePair.Create(field.Name, (string?)field.Value)));

    private static RouteRow Page(string pattern, string expected, Func<Estate, string>? path = null) => new($"GET {pattern}", expected, estate => Html(HttpMethod.Get, path?.Invoke(estate) ?? pattern));

    private static HttpRequestMessage Html(HttpMethod method, string path) => new(method, path) { Headers = { { "Accept", "text/html" } } };

    private static HttpRequestMessage Form(string path, params (string Name, string Value)[] fields) =>
        new(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))) };

    private static HttpRequestMessage Initialize(string path)
    {
        var request = Json(path, new { jsonrpc = "2.0", id = 1, method = "initialize", @params = new { protocolVersion = "2025-11-25", capabilities = new { }, clientInfo = new { name = "test", version = "1" } } });
        request.Headers.Add("Accept", "application/json, text/event-stream");
        return request;
    }

    private static HttpRequestMessage Stream(HttpMethod method, string path) => new(method, path) { Headers = { { "Accept", "text/event-stream" } } };

    private static HttpRequestMessage Json(string path, object body) => new(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
}
