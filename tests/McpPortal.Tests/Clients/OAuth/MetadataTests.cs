using System.Net;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>How a client that knows an address only finds out the rest.</summary>
public sealed class MetadataTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/mcp")]
    [InlineData("/mcp/who")]
    [InlineData("/mcp/set/work")]
    public async Task A_request_without_credential_is_told_where_to_get_one(string path)
    {
        await using var rig = await OAuthRig.StartAsync(cluster);

        var (status, challenge) = await rig.KnockAsync(null, path);

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal($"Bearer resource_metadata=\"{rig.Portal.Address}/.well-known/oauth-protected-resource{path}\", scope=\"mcp:read mcp:call\"", challenge);
        var resource = await rig.JsonAsync($"/.well-known/oauth-protected-resource{path}");
        Assert.Equal(rig.Resource(path), (string?)resource["resource"]);
        Assert.Equal([rig.Portal.Address], resource["authorization_servers"]!.AsArray().Select(server => (string)server!));
    }

    [Fact]
    public async Task The_server_says_what_it_can_do()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);

        var server = await rig.JsonAsync("/.well-known/oauth-authorization-server");

        Assert.Equal(rig.Portal.Address, (string?)server["issuer"]);
        foreach (var (name, path) in ((string, string)[])[("authorization", "/authorize"), ("token", "/token"), ("registration", "/register"), ("revocation", "/revoke")])
        {
            Assert.Equal(rig.Portal.Address + path, (string?)server[$"{name}_endpoint"]);
        }

        foreach (var (name, only) in ((string, string)[])[("code_challenge_methods", "S256"), ("response_types", "code"), ("token_endpoint_auth_methods", "none")])
        {
            Assert.Equal([only], server[$"{name}_supported"]!.AsArray().Select(value => (string)value!));
        }

        Assert.True((bool)server["authorization_response_iss_parameter_supported"]!);
        Assert.True((bool)server["client_id_metadata_document_supported"]!);
    }

    [Fact]
    public async Task The_addresses_are_those_of_the_setting_and_never_of_the_request()
    {
        await using var rig = await OAuthRig.StartAsync(cluster, ("Portal:PublicUrl", "http://localhost:5999"));

        Assert.Equal("http://localhost:5999", (string?)(await rig.JsonAsync("/.well-known/oauth-authorization-server"))["issuer"]);
        Assert.Equal("http://localhost:5999/mcp", (string?)(await rig.JsonAsync("/.well-known/oauth-protected-resource"))["resource"]);
        Assert.Contains("http://localhost:5999/.well-known/", (await rig.KnockAsync(null)).Challenge, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_servers_name_is_not_repeated()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);

        var (_, challenge) = await rig.KnockAsync(null, "/mcp/%22,%20evil=%22");

        Assert.DoesNotContain("evil", challenge, StringComparison.Ordinal);
        using var answer = await rig.Http.GetAsync(rig.Address("/.well-known/oauth-protected-resource/mcp/Evil%22"), Stop);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Registration_can_be_switched_off()
    {
        await using var rig = await OAuthRig.StartAsync(cluster, ("Clients:Registration", "false"));

        Assert.Null((await rig.JsonAsync("/.well-known/oauth-authorization-server"))["registration_endpoint"]);
        using var answer = await rig.Http.PostAsync(rig.Address("/register"), new StringContent("""{"redirect_uris":["https://client.example/callback"]}""", null, "application/json"), Stop);
        Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed]); // as wherever there are pages only
        Assert.Equal(0L, await rig.SqlAsync("select count(*) from oauth_clients"));
    }
}
