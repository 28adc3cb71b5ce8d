using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using McpPortal.Clients.Issuers;
using McpPortal.Data;
using McpPortal.Tests.Clients.OAuth;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Clients.Issuers;

/// <summary>The whole portal, which takes the tokens of two issuers: one with a key set, one with a shared secret.</summary>
internal sealed class IssuerRig : IAsyncDisposable
{
    public const string SecretIssuer = "https://project.supabase.example/auth/v1";

    private IssuerRig(StandInIssuer issuer, OAuthRig portal, byte[] secret) => (Issuer, Portal, Secret) = (issuer, portal, secret);

    public StandInIssuer Issuer { get; }

    public OAuthRig Portal { get; }

    public byte[] Secret { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<IssuerRig> StartAsync(PostgresCluster cluster, params (string Key, string Value)[] settings)
    {
        var issuer = await StandInIssuer.StartAsync();
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        var portal = await OAuthRig.StartAsync(cluster, [.. Settings(issuer, secret), .. settings]);
        portal.Portal.Database.Canaries.Watch("an issuer's secret", secret);
        return new IssuerRig(issuer, portal, System.Text.Encoding.UTF8.GetBytes(secret));
    }

    public static (string Key, string Value)[] Settings(StandInIssuer issuer, string secret) =>
    [
        ("Access:Issuers:0:Issuer", issuer.Issuer), ("Access:Issuers:0:Audience", StandInIssuer.Audience),
        ("Access:Issuers:1:Issuer", SecretIssuer), ("Access:Issuers:1:Audience", "authenticated"), ("Access:Issuers:1:AllowSharedAudience", "true"), ("Access:Issuers:1:Secret", secret),
        ("Outbound:AllowedHosts:9", issuer.Authority),
    ];

    /// <summary>Somebody who signs in with this issuer as this subject.</summary>
    public async Task<(UserId User, string Key, string Hash)> PersonAsync(string name, string? issuer = null)
    {
        var person = await Portal.Gateway.PersonAsync(name);
        await LinkAsync(person.User, name, issuer ?? Issuer.Issuer);
        return person;
    }

    public async Task LinkAsync(UserId user, string subject, string issuer) =>
        await Portal.SqlAsync($"insert into identities (issuer, subject, user_id, created_at) values ('{issuer}', '{subject}', '{user}', now())");

    /// <summary>A token that no log and no row may hold.</summary>
    public string Token(string subject, Action<JsonObject>? change = null, JsonObject? header = null) => Watch(Issuer.Token(subject, change, header));

    public string Watch(string token) => Portal.Portal.Database.Canaries.Watch("an issuer's token", token);

    public async Task<HttpStatusCode> KnockAsync(string token, string path = "/mcp", string? address = null) => (await Portal.KnockAsync(token, path, address)).Status;

    /// <summary>What the portal makes of a token, past the limit on wrong ones.</summary>
    public async Task<IssuerVerdict> JudgeAsync(string token) => await Portal.Get<IssuerCallers>().VerifyAsync(token, Stop);

    public async ValueTask DisposeAsync()
    {
        await Portal.DisposeAsync();
        await Issuer.DisposeAsync();
    }
}
