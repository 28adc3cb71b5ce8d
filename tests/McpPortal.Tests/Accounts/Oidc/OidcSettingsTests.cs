using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using McpPortal.Data;

namespace McpPortal.Tests.Accounts.Oidc;

public sealed class OidcSettingsTests
{
    [Fact]
    public void A_complete_configuration_has_no_errors() => Assert.Empty(OidcSettingsCheck.Errors(Good(), development: false));

    [Theory]
    [InlineData("", "id", "s", "https://portal.example", "Oidc:Authority")]
    [InlineData("http://login.example", "id", "s", "https://portal.example", "Oidc:Authority")]
    [InlineData("http://127.0.0.1:5090", "id", "s", "https://portal.example", "Oidc:Authority")]
    [InlineData("https://login.example", "", "s", "https://portal.example", "Oidc:ClientId")]
    [InlineData("https://login.example", "id", "sandbox-only-not-a-secret", "https://portal.example", "Oidc:ClientSecret")]
    [InlineData("https://login.example", "id", "s", "", "Portal:PublicUrl")]
    [InlineData("https://login.example", "id", "s", "http://portal.example", "Portal:PublicUrl")]
    [InlineData("https://login.microsoftonline.com/common/v2.0", "id", "s", "https://portal.example", "Oidc:AllowedTenants")]
    [InlineData("https://login.microsoftonline.com/organizations/v2.0", "id", "s", "https://portal.example", "Oidc:AllowedTenants")]
    public void Each_mistake_in_Production_names_its_key(string authority, string clientId, string secret, string publicUrl, string key)
    {
        var settings = new OidcSettings { Authority = authority, ClientId = clientId, ClientSecret = secret, PublicUrl = publicUrl };
        Assert.Contains(key, Assert.Single(OidcSettingsCheck.Errors(settings, development: false)), StringComparison.Ordinal);
    }

    [Fact]
    public void HS256_and_none_are_no_algorithms_of_a_sign_in()
    {
        var settings = new OidcSettings { Authority = "https://login.example", ClientId = "id", PublicUrl = "https://portal.example", SigningAlgorithms = ["RS256", "HS256", "none"] };
        Assert.Equal(2, OidcSettingsCheck.Errors(settings, development: false).Count());
    }

    [Theory]
    [InlineData("https://login.example", "https://login.example", true)]
    [InlineData("https://login.example", "https://login.example/", true)]
    [InlineData("https://login.example", "https://login.example/other", false)]
    [InlineData("https://login.example", "https://LOGIN.example", false)]
    [InlineData("https://login.example/common/v2.0", "https://login.example/{tenantid}/v2.0", true)]
    [InlineData("https://login.example/common/v2.0", "https://evil.example/{tenantid}/v2.0", false)]
    [InlineData("https://login.example/one/v2.0", "https://login.example/{tenantid}/v2.0", false)]
    public void The_discovered_issuer_is_the_authority(string authority, string issuer, bool accepted)
    {
        var settings = new OidcSettings { Authority = authority, AllowedTenants = ["9122040d-6c67-4c5b-b112-36a304b66dad"] };
        var document = $$"""{"issuer":"{{issuer}}","authorization_endpoint":"https://a.example/a","token_endpoint":"https://a.example/t","jwks_uri":"https://a.example/k"}""";
        Assert.Equal(accepted, OidcMetadata.Parse(System.Text.Encoding.UTF8.GetBytes(document), settings, development: false).Metadata is not null);
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("http://10.0.0.1/authorize")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user@a.example/")]
    public void A_hostile_authorization_endpoint_is_refused(string endpoint)
    {
        var document = $$"""{"issuer":"https://login.example","authorization_endpoint":"{{endpoint}}","token_endpoint":"https://a.example/t","jwks_uri":"https://a.example/k"}""";
        Assert.Null(OidcMetadata.Parse(System.Text.Encoding.UTF8.GetBytes(document), Good(), development: true).Metadata);
    }

    [Theory]
    [InlineData("subject-1", false, true)]
    [InlineData("https://login.example|subject-1", false, true)]
    [InlineData("https://other.example|subject-1", false, false)]
    [InlineData("ana@example.test", true, true)]
    [InlineData("ANA@example.test", true, true)]
    [InlineData("ana@example.test", false, false)]
    public void A_bootstrap_admin_is_a_subject_or_a_verified_address(string entry, bool verified, bool admin)
    {
        var identity = new OidcIdentity { Issuer = "https://login.example", Subject = "subject-1", Email = "ana@example.test", EmailVerified = verified };
        Assert.Equal(admin, RoleMapping.IsBootstrapAdmin(identity, new OidcSettings { BootstrapAdmins = [entry] }));
    }

    [Fact]
    public void Roles_come_from_roles_and_groups_alike()
    {
        var identity = new OidcIdentity { Issuer = "i", Subject = "s", RoleValues = ["watch", "Admins"] };
        Assert.Equal(Roles.Auditor, RoleMapping.Claimed(identity, new OidcSettings { AdminRoles = ["admins"], AuditorRoles = ["watch"] }));
    }

    private static OidcSettings Good() => new() { Authority = "https://login.example", ClientId = "portal", ClientSecret = "s3cret", PublicUrl = "https://portal.example" };
}
