using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.Options;

namespace McpPortal.Tests.Attacks.Auth;

public sealed class InvalidSettingsTests(PostgresCluster cluster)
{
    [Theory]
    [InlineData("Oidc:Authority", "")]
    [InlineData("Oidc:Authority", "http://login.example")]
    [InlineData("Oidc:Authority", "https://login.microsoftonline.com/common/v2.0")]
    [InlineData("Oidc:ClientId", "")]
    [InlineData("Oidc:ClientSecret", "", "Oidc:ClientAuthentication", "Post")]
    [InlineData("Oidc:SigningAlgorithms:0", "none")]
    [InlineData("Oidc:SigningAlgorithms:0", "HS256")]
    [InlineData("Oidc:Scopes:0", "profile")]
    [InlineData("Oidc:RoleClaim", "")]
    [InlineData("Oidc:AllowedTenants:0", "*")]
    [InlineData("Portal:PublicUrl", "http://portal.example")]
    [InlineData("Accounts:Lifetime", "00:00:00")]
    [InlineData("Accounts:IdleTimeout", "3.00:00:00")]
    [InlineData("Access:Issuers:0:Audience", "", "Access:Issuers:0:Issuer", "https://login.example")]
    [InlineData("Access:Issuers:0:Issuer", "http://login.example", "Access:Issuers:0:Audience", "portal")]
    public async Task AUTH_13_A_portal_whose_sign_in_is_not_set_up_does_not_start(string key, string value, string? second = null, string? secondValue = null)
    {
        (string, string)[] settings = second is null ? [(key, value)] : [(key, value), (second, secondValue!)];

        var refusal = await Assert.ThrowsAnyAsync<OptionsValidationException>(() => PortalHost.StartAsync(cluster, "http://127.0.0.1:9", Ports.Free(), settings));

        Assert.Contains(key.EndsWith(":0", StringComparison.Ordinal) ? key[..^2] : key, refusal.Message, StringComparison.Ordinal);
    }
}
