using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sandbox;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>Single-user mode has the same way in, by the sign-in with a key.</summary>
public sealed class SingleUserClientTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_one_person_lets_a_client_in_and_it_is_out_when_the_mode_ends()
    {
        await using var host = await SingleUserHost.StartAsync(cluster);
        using var browser = host.Browser();
        using var program = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(host.Address) };
        using var registered = await program.PostAsJsonAsync("/register", new { client_name = "Editor", redirect_uris = new[] { OAuthRig.Redirect } }, Stop);
        var client = (string)(await registered.Content.ReadFromJsonAsync<JsonNode>(Stop))!["client_id"]!;
        var question = OAuthRig.Question(client);

        var (_, location, _) = await browser.SignInAsync(await host.KeyAsync(), question);
        Assert.EndsWith(question, location, StringComparison.Ordinal);
        var form = OAuthRig.Form(await browser.GetStringAsync(new Uri(question, UriKind.Relative), Stop), "allow");
        using var allowed = await browser.PostAsync(new Uri("/authorize", UriKind.Relative), new FormUrlEncodedContent(form), Stop);
        Assert.Equal(HttpStatusCode.SeeOther, allowed.StatusCode);
        using var exchanged = await program.PostAsync(new Uri("/token", UriKind.Relative), new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "authorization_code", ["client_id"] = client, ["code"] = QueryHelpers.ParseQuery(allowed.Headers.Location!.Query)["code"].ToString(), ["code_verifier"] = SandboxHost.Verifier,
        }), Stop);
        var access = host.Database.Canaries.Watch("an access token", (string)(await exchanged.Content.ReadFromJsonAsync<JsonNode>(Stop))!["access_token"]!);

        Assert.Equal(HttpStatusCode.OK, (await OAuthRig.KnockAsync(program, new Uri(host.Address + "/mcp"), access)).Status);
        await using var other = await host.AgainAsync(singleUser: false);
        Assert.Equal(HttpStatusCode.Unauthorized, (await OAuthRig.KnockAsync(program, new Uri(other.Address + "/mcp"), access)).Status);
    }
}
