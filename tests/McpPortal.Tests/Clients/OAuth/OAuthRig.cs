using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Attacks.Authorization;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sandbox;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>The whole portal as seen by an MCP client that knows its address and a person with a browser.</summary>
internal sealed partial class OAuthRig : IAsyncDisposable
{
    public const string Redirect = "https://client.example/callback";

    private OAuthRig(GatewayRig gateway) => Gateway = gateway;

    public GatewayRig Gateway { get; }

    public PortalHost Portal => Gateway.Calls.Portal;

    public HttpClient Http => Gateway.Http;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<OAuthRig> StartAsync(PostgresCluster cluster, params (string Key, string Value)[] settings) => new(await GatewayRig.StartAsync(cluster, settings));

    public T Get<T>()
        where T : notnull => Gateway.Calls.Get<T>();

    public Task<object?> SqlAsync(string sql) => Gateway.Calls.SqlAsync(sql);

    public Uri Address(string path) => Gateway.Address(path);

    public string Resource(string path = "/mcp") => Portal.Address + path;

    public async Task<JsonNode> JsonAsync(string path) => (await Http.GetFromJsonAsync<JsonNode>(Address(path), Stop))!;

    public async Task<(HttpStatusCode Status, JsonNode Body)> RegisterAsync(object metadata)
    {
        using var answer = await Http.PostAsJsonAsync(Address("/register"), metadata, Stop);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonNode>(Stop))!);
    }

    /// <summary>The id of a client that has just registered.</summary>
    public async Task<string> ClientAsync(params string[] redirects)
    {
        var (status, body) = await RegisterAsync(new { client_name = "A client", redirect_uris = redirects.Length == 0 ? [Redirect] : redirects });
        Assert.Equal(HttpStatusCode.Created, status);
        return (string)body["client_id"]!;
    }

    public Task<string> CookieAsync(UserId user) => Visitor.CookieAsync(Portal, user, Stop);

    /// <summary>What a client sends a browser to; a value of null leaves the parameter out.</summary>
    public static string Question(string client, params (string Name, string? Value)[] other)
    {
        Dictionary<string, string?> query = new(StringComparer.Ordinal)
        {
            ["response_type"] = "code", ["client_id"] = client, ["redirect_uri"] = Redirect, ["state"] = "state-1",
            ["code_challenge"] = SandboxHost.Challenge, ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in other)
        {
            query[name] = value;
        }

        return QueryHelpers.AddQueryString("/authorize", query.Where(pair => pair.Value is not null));
    }

    /// <summary>The page that the person sees, and the cookies that they have then.</summary>
    public async Task<(HttpResponseMessage Answer, string Html, string Cookies)> AskAsync(string? cookie, string question)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(question)) { Headers = { { "Accept", "text/html" } } };
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        var answer = await Http.SendAsync(request, Stop);
        var more = answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.Select(line => line.Split(';')[0]) : [];
        return (answer, await answer.Content.ReadAsStringAsync(Stop), string.Join("; ", more.Prepend(cookie ?? "").Where(part => part.Length > 0)));
    }

    /// <summary>The hidden fields of the consent form, and the person's decision.</summary>
    public static List<KeyValuePair<string, string>> Form(string html, string decision)
    {
        var form = html[html.IndexOf("action=\"/authorize\"", StringComparison.Ordinal)..];
        return [.. Hidden().Matches(form).Select(field => KeyValuePair.Create(field.Groups["name"].Value, WebUtility.HtmlDecode(field.Groups["value"].Value))), new("decision", decision)];
    }

    public async Task<HttpResponseMessage> PostAsync(string? cookies, IEnumerable<KeyValuePair<string, string>> form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address("/authorize")) { Content = new FormUrlEncodedContent(form), Headers = { { "Accept", "text/html" } } };
        if (cookies is not null)
        {
            request.Headers.Add("Cookie", cookies);
        }

        return await Http.SendAsync(request, Stop);
    }

    /// <summary>Opens the page, decides, and returns where the browser is sent.</summary>
    public async Task<Uri> DecideAsync(string cookie, string question, string decision = "allow")
    {
        var (asked, html, cookies) = await AskAsync(cookie, question);
        using (asked)
        {
            Assert.True(asked.StatusCode == HttpStatusCode.OK, html);
        }

        using var answer = await PostAsync(cookies, Form(html, decision));
        Assert.True(answer.StatusCode == HttpStatusCode.SeeOther, await answer.Content.ReadAsStringAsync(Stop));
        return answer.Headers.Location!;
    }

    public async Task<string> CodeAsync(UserId user, string client, params (string Name, string? Value)[] other) =>
        Portal.Database.Canaries.Watch("a code", QueryHelpers.ParseQuery((await DecideAsync(await CookieAsync(user), Question(client, other))).Query)["code"].ToString());

    public async Task<(HttpStatusCode Status, JsonNode Body)> TokenAsync(params (string Name, string? Value)[] form)
    {
        using var answer = await Http.PostAsync(Address("/token"), Content(form), Stop);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonNode>(Stop))!);
    }

    public Task<(HttpStatusCode Status, JsonNode Body)> ExchangeAsync(string client, string code, params (string Name, string? Value)[] other) =>
        TokenAsync(Over([("grant_type", "authorization_code"), ("client_id", client), ("code", code), ("redirect_uri", Redirect), ("code_verifier", SandboxHost.Verifier)], other));

    public Task<(HttpStatusCode Status, JsonNode Body)> RefreshAsync(string client, string token, params (string Name, string? Value)[] other) =>
        TokenAsync(Over([("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)], other));

    /// <summary>A client's tokens after the person's consent.</summary>
    public async Task<(string Access, string Refresh)> TokensAsync(UserId user, string client, params (string Name, string? Value)[] other)
    {
        var (status, body) = await ExchangeAsync(client, await CodeAsync(user, client, other));
        Assert.True(status == HttpStatusCode.OK, body.ToJsonString());
        return Watched(body);
    }

    public (string Access, string Refresh) Watched(JsonNode body)
    {
        var canaries = Portal.Database.Canaries;
        return (canaries.Watch("an access token", (string)body["access_token"]!), canaries.Watch("a refresh token", (string)body["refresh_token"]!));
    }

    public async Task<HttpStatusCode> RevokeAsync(string client, string token)
    {
        using var answer = await Http.PostAsync(Address("/revoke"), Content([("client_id", client), ("token", token)]), Stop);
        return answer.StatusCode;
    }

    public Task<(HttpStatusCode Status, string? Challenge)> KnockAsync(string? token, string path = "/mcp", string? address = null) => KnockAsync(Http, new Uri((address ?? Portal.Address) + path), token);

    /// <summary>What the endpoint says to an initialize request with this token.</summary>
    public static async Task<(HttpStatusCode Status, string? Challenge)> KnockAsync(HttpClient http, Uri endpoint, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint)
        {
            Content = JsonContent.Create(new { jsonrpc = "2.0", id = 1, method = "initialize", @params = new { protocolVersion = "2025-11-25", capabilities = new { }, clientInfo = new { name = "test", version = "1" } } }),
        };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using var answer = await http.SendAsync(request, Stop);
        return (answer.StatusCode, answer.Headers.WwwAuthenticate.FirstOrDefault()?.ToString());
    }

    /// <summary>How often something was audited.</summary>
    public async Task<long> AuditedAsync(string action) => (long)(await SqlAsync($"select count(*) from audit_entries where action = '{action}'"))!;

    public async Task<ClientGrantListing> OnlyGrantAsync(UserId user) => Assert.Single(await Get<ClientGrants>().ListAsync(user, Stop));

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();

    private static FormUrlEncodedContent Content(IEnumerable<(string Name, string? Value)> form) =>
        new(form.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(field.Name, field.Value!)));

    private static (string Name, string? Value)[] Over((string Name, string? Value)[] usual, (string Name, string? Value)[] other) =>
        [.. usual.Where(field => other.All(o => o.Name != field.Name)), .. other];

    [GeneratedRegex("""<input type="hidden" name="(?<name>[^"]*)" value="(?<value>[^"]*)" ?/>""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hidden();
}
