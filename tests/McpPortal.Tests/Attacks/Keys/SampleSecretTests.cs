using McpPortal.Accounts.Oidc;
using McpPortal.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace McpPortal.Tests.Attacks.Keys;

public sealed class SampleSecretTests
{
    private const string Here = "http://127.0.0.1:5090";
    private const string Elsewhere = "https://login.example";

    public static TheoryData<string, string, string, bool> Settings() => new()
    {
        { "Production", Elsewhere, "sandbox-only-not-a-secret-portal", true },
        { "Staging", Elsewhere, "sandbox-only-not-a-secret-portal", true },
        { "Production", Elsewhere, "changeme", true },
        { "Staging", Elsewhere, "Change-Me", true },
        { "Production", Elsewhere, " your-client-secret ", true },
        { "Development", Elsewhere, "sandbox-only-not-a-secret-portal", true },
        { "Development", "https://127.0.0.1.login.example", "changeme", true },
        { "Development", Here, "sandbox-only-not-a-secret-portal", false },
        { "Development", Elsewhere, "m8Qv1Zr0hT-obviously-fake", false },
        { "Production", Elsewhere, "m8Qv1Zr0hT-obviously-fake", false },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void KEY_6_A_sample_is_no_secret_of_the_sign_in_but_for_a_stand_in_on_this_machine_in_Development(string environment, string authority, string secret, bool refused)
    {
        var settings = new OidcSettings { Authority = authority, ClientId = "portal", ClientSecret = secret, PublicUrl = "https://portal.example" };
        Assert.Equal(refused ? 1 : 0, OidcSettingsCheck.Errors(settings, environment == Environments.Development).Count(error => error.StartsWith("Oidc:ClientSecret is a sample", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void KEY_6_A_sample_is_no_secret_of_an_OAuth_app_but_for_a_stand_in_on_this_machine_in_Development(string environment, string authority, string secret, bool refused)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Portal:PublicUrl"] = "https://portal.example",
            ["Providers:mine:ClientId"] = "portal",
            ["Providers:mine:ClientSecret"] = secret,
            ["Providers:mine:AuthorizationEndpoint"] = $"{authority}/authorize",
            ["Providers:mine:TokenEndpoint"] = $"{authority}/token",
            ["Providers:mine:UserInfoEndpoint"] = $"{authority}/me",
        }).Build();
        var host = new HostingEnvironment(environment);
        if (refused)
        {
            var error = Assert.Throws<OptionsValidationException>(() => ConnectionsOptions.Read(configuration, host));
            Assert.Contains("Providers:mine:ClientSecret is a sample", Assert.Single(error.Failures), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, error.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(secret, ConnectionsOptions.Read(configuration, host).Providers["mine"].ClientSecret);
        }
    }

    private sealed class HostingEnvironment(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;

        public string ApplicationName { get; set; } = "McpPortal";

        public string ContentRootPath { get; set; } = AppContext.BaseDirectory;

        public Microsoft.Extensions.FileProviders.IFileProvider ContentRootFileProvider { get; set; } = new Microsoft.Extensions.FileProviders.NullFileProvider();
    }
}
