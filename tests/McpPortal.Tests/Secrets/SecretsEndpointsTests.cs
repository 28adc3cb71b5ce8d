using System.Net;
using System.Net.Http.Json;
using McpPortal.Api;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Tests.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Secrets;

public sealed class SecretsEndpointsTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly string Planted = Canary.New("api key");

    private PortalServices _portal = null!;
    private WebApplication _app = null!;
    private UserId _ana;
    private UserId _ben;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop);
        _ana = await _portal.AddUserAsync("ana");
        _ben = await _portal.AddUserAsync("ben");
        await _portal.AddAsync(Drafts.Http("demo", needs: Drafts.ApiKey));
        await _portal.Get<ServerEditor>().AddOwnAsync(_ben, Drafts.Http("bens", needs: Drafts.ApiKey), Actor.Page(_ben), Stop);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddProblemDetails();
        builder.Services.AddAuthorization();
        builder.Services.AddClients(builder.Configuration);
        foreach (var hosted in builder.Services.Where(s => s.ServiceType == typeof(Microsoft.Extensions.Hosting.IHostedService) && s.ImplementationFactory is not null).ToList())
        {
            builder.Services.Remove(hosted);
        }

        builder.Services.AddApi();
        builder.Services.AddSingleton(_portal.Get<PortalDatabase>());
        builder.Services.AddSingleton(_portal.Invalidations);
        builder.Services.AddSingleton(_portal.Get<AccessKeys>());
        builder.Services.AddSingleton(_portal.Get<OpenRequests>());
        builder.Services.AddSingleton(_portal.Get<ServerCatalog>());
        builder.Services.AddSingleton(_portal.Get<SecretStore>());
        _app = builder.Build();
        _app.UseAuthentication();
        _app.UseAuthorization();
        _app.MapApi().MapSecrets();
        await _app.StartAsync(Stop);
        _portal.HearInvalidations();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _portal.DisposeAsync();
    }

    [Fact]
    public async Task A_secret_is_set_replaced_and_deleted_and_never_returned()
    {
        using var client = await ClientAsync(_ana);

        foreach (var (path, status, value) in new[] { ("set", "set", Planted), ("set", "replaced", Planted), ("delete", "deleted", null) })
        {
            var response = await client.PostAsJsonAsync($"/secrets/{path}", new { username = "ana@sandbox.test", serverName = "demo", secretName = "api-key", secretValue = value }, Stop);
            var text = await response.Content.ReadAsStringAsync(Stop);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Contains($"\"{status}\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain(Planted, text, StringComparison.Ordinal);
        }

        var again = await client.PostAsJsonAsync("/secrets/delete", new { serverName = "demo", secretName = "api-key" }, Stop);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Theory]
    [InlineData("ben@sandbox.test", "demo", "api-key", 404)]
    [InlineData("nobody@sandbox.test", "demo", "api-key", 404)]
    [InlineData("", "demo", "api-key", 404)]
    [InlineData(null, "bens", "api-key", 404)]
    [InlineData(null, "no-such", "api-key", 404)]
    [InlineData(null, "demo", "other", 404)]
    [InlineData(null, "demo", "", 400)]
    [InlineData(null, "", "api-key", 400)]
    public async Task What_is_not_mine_does_not_exist(string? username, string server, string secret, int expected)
    {
        using var client = await ClientAsync(_ana);

        var response = await client.PostAsJsonAsync("/secrets/set", new { username, serverName = server, secretName = secret, secretValue = Planted, ownerId = _ben.Value, userId = _ben.Value }, Stop);

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotContain(Planted, await response.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Equal(0L, await _portal.ScalarAsync(db => db.System, "select count(*) from secrets"));
    }

    [Fact]
    public async Task Posted_owners_are_ignored()
    {
        using var client = await ClientAsync(_ana);

        var response = await client.PostAsJsonAsync("/secrets/set",
            new { serverName = "demo", secretName = "api-key", secretValue = Planted, ownerId = _ben.Value, ownerKind = 3, userId = _ben.Value, destination = "https://evil.example:443" }, Stop);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(1L, await _portal.ScalarAsync(db => db.System, $"select count(*) from secrets where owner_kind = 1 and owner_id = '{_ana}' and destination = 'https://mcp.example.com:443'"));
    }

    [Fact]
    public async Task INJ_5_A_value_that_a_header_cannot_carry_is_400_without_the_value()
    {
        using var client = await ClientAsync(_ana);

        var response = await client.PostAsJsonAsync("/secrets/set", new { serverName = "demo", secretName = "api-key", secretValue = $"{Planted}\r\nX: y" }, Stop);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.DoesNotContain(Planted, await response.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_key_it_is_401_and_with_a_read_only_key_403()
    {
        using var nobody = _app.GetTestClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.PostAsJsonAsync("/secrets/set", new { serverName = "demo", secretName = "api-key", secretValue = Planted }, Stop)).StatusCode);

        using var reader = await ClientAsync(_ana, readOnly: true);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsJsonAsync("/secrets/set", new { serverName = "demo", secretName = "api-key", secretValue = Planted }, Stop)).StatusCode);
    }

    private async Task<HttpClient> ClientAsync(UserId user, bool readOnly = false)
    {
        var key = await _portal.Get<AccessKeys>().CreateAsync(user, "test", readOnly, null, null, Actor.Page(user), Stop);
        _portal.HearInvalidations();
        var client = _app.GetTestClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    }
}
