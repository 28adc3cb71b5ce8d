using McpPortal.Clients.Issuers;

namespace McpPortal.Tests.Clients.Issuers;

public sealed class AccessOptionsTests
{
    private const string Secret = "a-very-long-value-that-nobody-guesses-0123456789";

    [Fact]
    public void Complete_entries_have_no_errors() => Assert.Empty(Errors(
        new() { Issuer = "https://login.example/tenant/v2.0", Audience = "portal", ClientId = "portal", ClientSecret = Secret },
        new() { Issuer = "https://login.example/other/v2.0", Audience = "portal", JwksUri = "https://login.example/keys?app=1", SigningAlgorithms = ["ES256"], ScopeClaim = "scp" },
        new() { Issuer = "https://project.example/auth/v1", Audience = "authenticated", AllowSharedAudience = true, Secret = Secret }));

    public static TheoryData<string, object> Mistakes => new()
    {
        { "Access:Issuers:0:Issuer", new IssuerSettings { Audience = "portal" } },
        { "Access:Issuers:0:Issuer", new IssuerSettings { Issuer = "http://login.example", Audience = "portal" } },
        { "Access:Issuers:0:Issuer", new IssuerSettings { Issuer = "http://127.0.0.1:5090", Audience = "portal" } },
        { "Access:Issuers:0:Issuer", new IssuerSettings { Issuer = "https://login.example/{tenantid}/v2.0", Audience = "portal" } },
        { "Access:Issuers:0:Audience", new IssuerSettings { Issuer = "https://login.example" } },
        { "Access:Issuers:0:AllowSharedAudience", new IssuerSettings { Issuer = "https://login.example", Audience = "authenticated" } },
        { "Access:Issuers:0:JwksUri", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", JwksUri = "http://login.example/jwks" } },
        { "Access:Issuers:0:JwksUri", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", JwksUri = "file:///etc/passwd" } },
        { "Access:Issuers:0:Secret", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", JwksUri = "https://login.example/jwks", Secret = Secret } },
        { "Access:Issuers:0:Secret", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", SigningAlgorithms = ["RS256"], Secret = Secret } },
        { "Access:Issuers:0:Secret", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", Secret = "thirty-one-bytes-are-not-enough" } },
        { "Access:Issuers:0:Secret", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", Secret = "sandbox-only-not-a-secret-of-an-issuer" } },
        { "Access:Issuers:0:SigningAlgorithms", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", SigningAlgorithms = ["HS256"] } },
        { "Access:Issuers:0:SigningAlgorithms", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", SigningAlgorithms = ["none"] } },
        { "Access:Issuers:0:ClientId", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", ClientSecret = Secret } },
        { "Access:Issuers:0:ClientSecret", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", ClientId = "portal", ClientSecret = "sandbox-only-not-a-secret-of-a-client" } },
        { "Access:Issuers:0:MaxLifetime", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", MaxLifetime = TimeSpan.FromDays(30) } },
        { "Access:Issuers:0:ReadScope", new IssuerSettings { Issuer = "https://login.example", Audience = "portal", ScopeClaim = "scp", ReadScope = "" } },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Each_mistake_names_its_key_and_no_secret(string key, object issuer)
    {
        var settings = (IssuerSettings)issuer;

        var error = Assert.Single(Errors(settings));

        Assert.Contains(key, error, StringComparison.Ordinal);
        Assert.True(settings.Secret.Length == 0 || !error.Contains(settings.Secret, StringComparison.Ordinal), error);
        Assert.True(settings.ClientSecret.Length == 0 || !error.Contains(settings.ClientSecret, StringComparison.Ordinal), error);
        Assert.DoesNotContain(Secret, settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_issuer_has_one_kind_of_keys() => Assert.Contains("Access:Issuers:1:Issuer", Assert.Single(Errors(
        new() { Issuer = "https://login.example", Audience = "portal" }, new() { Issuer = "https://login.example", Audience = "portal", Secret = Secret })), StringComparison.Ordinal);

    [Fact]
    public void A_portal_for_one_person_has_no_issuers() => Assert.Contains(
        "Portal:SingleUser", Assert.Single(AccessOptionsCheck.Errors(new AccessOptions { Issuers = [new() { Issuer = "https://login.example", Audience = "portal" }] }, development: false, singleUser: true)), StringComparison.Ordinal);

    private static IReadOnlyList<string> Errors(params IssuerSettings[] issuers) => [.. AccessOptionsCheck.Errors(new AccessOptions { Issuers = issuers }, development: false)];
}
