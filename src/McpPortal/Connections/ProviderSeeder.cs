using System.Security.Cryptography;
using System.Text;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Brings the configured OAuth apps into the database at start, with their secrets encrypted; waits while the vault is sealed.</summary>
internal sealed partial class ProviderSeeder(
    ConnectionsOptions options,
    PortalDatabase database,
    SecretVault vault,
    VaultState state,
    AuditLog audit,
    Invalidations invalidations,
    TimeProvider time,
    ILogger<ProviderSeeder> logger) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private static readonly Actor Actor = Actor.Job("configuration");
    private bool _done;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TrySeedAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_done)
        {
            await Task.Delay(Retry, time, stoppingToken);
            await TrySeedAsync(stoppingToken);
        }
    }

    internal async Task SeedAsync(CancellationToken cancellationToken)
    {
        foreach (var (slug, configured) in options.Providers)
        {
            await using var scope = await database.ForSystemAsync(cancellationToken);
            var row = await scope.Db.Providers.SingleOrDefaultAsync(p => p.Slug == slug, cancellationToken);
            if (row is null)
            {
                row = NewRow(slug, configured);
                scope.Db.Providers.Add(row);
                await ProtectAsync(row, configured.ClientSecret, cancellationToken);
                audit.Record(scope, AuditAction.ProviderAdded, Actor, "provider", row.Id.ToString(), details: [("slug", slug), ("clientId", row.ClientId)]);
            }
            else if (Apply(row, slug, configured) | !await SameSecretAsync(row, configured.ClientSecret, cancellationToken))
            {
                row.Version++;
                (row.BrokenSince, row.BrokenReason) = (null, null);
                await ProtectAsync(row, configured.ClientSecret, cancellationToken);
                audit.Record(scope, AuditAction.ProviderChanged, Actor, "provider", row.Id.ToString(), details: [("slug", slug), ("clientId", row.ClientId)]);
            }
            else
            {
                continue;
            }

            invalidations.Publish(scope, InvalidationKind.Provider, row.Id.Value);
            await scope.CommitAsync(cancellationToken);
        }
    }

    private async Task TrySeedAsync(CancellationToken cancellationToken)
    {
        if (state.IsSealed)
        {
            return;
        }

        try
        {
            await SeedAsync(cancellationToken);
            _done = true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The database is away, or another node writes the same rows at this moment.
            Log.Failed(logger, e.GetType().Name);
        }
    }

    private Provider NewRow(string slug, ProviderOptions configured)
    {
        var row = new Provider
        {
            Slug = slug,
            Name = slug,
            Kind = ProviderOptions.KindOf(slug),
            AuthorizationEndpoint = "",
            TokenEndpoint = "",
            ClientId = "",
            CreatedAt = time.GetUtcNow(),
        };
        Apply(row, slug, configured);
        return row;
    }

    /// <returns>Whether anything is different now.</returns>
    private static bool Apply(Provider row, string slug, ProviderOptions configured)
    {
        var defaults = ProviderOptions.DefaultsOf(slug);
        var before = Shape();
        row.Name = configured.Name ?? defaults.Name ?? slug;
        row.ClientId = configured.ClientId!;

        // Another token endpoint with the well-known issuer would be a contradiction: an overridden provider names its own issuer or none.
        row.Issuer = configured.Issuer ?? (configured.TokenEndpoint is null ? defaults.Issuer : null);
        row.AuthorizationEndpoint = configured.AuthorizationEndpoint ?? defaults.AuthorizationEndpoint!;
        row.TokenEndpoint = configured.TokenEndpoint ?? defaults.TokenEndpoint!;
        row.RevocationEndpoint = (configured.RevocationEndpoint ?? defaults.RevocationEndpoint)?.Replace("{client_id}", Uri.EscapeDataString(configured.ClientId!), StringComparison.Ordinal);
        row.UserInfoEndpoint = configured.UserInfoEndpoint ?? defaults.UserInfoEndpoint;
        row.Scopes = configured.Scopes.Count > 0 ? [.. configured.Scopes] : [.. defaults.Scopes];
        return before != Shape();

        string Shape() => string.Join('\n', row.Name, row.ClientId, row.Issuer, row.AuthorizationEndpoint, row.TokenEndpoint, row.RevocationEndpoint, row.UserInfoEndpoint, string.Join(' ', row.Scopes));
    }

    private async Task ProtectAsync(Provider row, string? secret, CancellationToken cancellationToken) =>
        row.ClientSecret = string.IsNullOrEmpty(secret) ? null : await vault.ProtectAsync(Bindings.ClientSecret(row), secret, cancellationToken);

    private async Task<bool> SameSecretAsync(Provider row, string? secret, CancellationToken cancellationToken)
    {
        if (row.ClientSecret is not { } stored)
        {
            return string.IsNullOrEmpty(secret);
        }

        // The version belongs to the binding, and Apply has not moved it.
        using var plaintext = await vault.UnprotectAsync(Bindings.ClientSecret(row), stored, cancellationToken);
        return CryptographicOperations.FixedTimeEquals(plaintext.Bytes, Encoding.UTF8.GetBytes(secret ?? ""));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The configured OAuth apps could not be stored yet ({Reason}); trying again.")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
