using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.Hosting;

namespace McpPortal.Tests.Servers;

public sealed class ServerSeedingTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static Dictionary<string, string?> Sandbox => new()
    {
        ["Sandbox:Url"] = "http://127.0.0.1:5090",
        ["Sandbox:EmailUrl"] = "http://127.0.0.1:5091",
        ["Outbound:AllowedHosts:0"] = "127.0.0.1:5090",
        ["Outbound:AllowedHosts:1"] = "127.0.0.1:5091",
        ["Servers:Seed:PeersPath"] = "/no/such/folder",
    };

    [Fact]
    public async Task A_first_start_fills_the_catalogue_and_a_second_one_leaves_it_alone()
    {
        await using var portal = await PortalServices.CreateAsync(cluster, Stop, Sandbox);
        var ana = await portal.AddUserAsync("ana");
        var seeding = portal.Seeding();

        await seeding.SeedAsync(Stop);

        portal.HearInvalidations();
        var servers = await portal.Get<ServerCatalog>().ListAsync(ana, Stop);
        Assert.Superset(new HashSet<string> { "email", "github", "whoami", "vault-demo" }, servers.Select(s => s.Slug).ToHashSet());
        Assert.DoesNotContain(servers, s => s.Slug is "everything" or "everything-stdio" or "filesystem");
        Assert.Equal("http://127.0.0.1:5091/mcp", servers.Single(s => s.Slug == "email").Endpoint!.AbsoluteUri);

        var editor = portal.Get<ServerEditor>();
        await editor.RemoveAsync(servers.Single(s => s.Slug == "github").Id, Actor.CommandLine, Stop);
        await seeding.SeedAsync(Stop);
        portal.HearInvalidations();
        Assert.Equal(servers.Count - 1, (await portal.Get<ServerCatalog>().ListAsync(ana, Stop)).Count);
    }

    [Fact]
    public async Task Outside_development_nothing_is_added()
    {
        await using var portal = await PortalServices.CreateAsync(cluster, Stop, Sandbox, Environments.Production);

        await portal.Seeding().StartAsync(Stop);

        Assert.Equal(0L, await portal.ScalarAsync(db => db.System, "select count(*) from servers"));
    }

    [Fact]
    public async Task A_template_of_the_configuration_that_cannot_be_used_is_named_with_its_key()
    {
        await using var portal = await PortalServices.CreateAsync(cluster, Stop, new Dictionary<string, string?>
        {
            ["Servers:Templates:files:Name"] = "Files",
            ["Servers:Templates:files:Command:0"] = "node",
        });

        var error = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => portal.Get<ServerTemplates>());
        Assert.Contains("Servers:Templates:files:Command", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_built_in_templates_keep_their_own_rules()
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager();
        configuration["Sandbox:Url"] = "http://127.0.0.1:5090";
        var templates = new BuiltInTemplates(Microsoft.Extensions.Options.Options.Create(new ServersOptions()), configuration).All.ToList();

        Assert.Superset(BuiltInTemplates.Seeded.ToHashSet(), templates.Select(t => t.Key).ToHashSet());
        Assert.All(templates, template =>
        {
            Assert.Null(ServerNames.SlugRefusal(template.Key));
            Assert.Null(CredentialNeedRules.Refusal(template.Transport, template.Credentials));
            Assert.All(template.Settings.Keys, name => Assert.Null(EnvironmentRules.RefuseName(name)));
            Assert.Equal(template.Transport == ServerTransport.Stdio, template.CommandLine.Count > 0);
            Assert.True(template.CommandLine.Count == 0 || ServerTemplate.CommandRefusal(template.CommandLine) is null, template.Key);
        });
    }
}
