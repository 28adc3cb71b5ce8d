using System.Collections.Frozen;
using McpPortal.Connections.Providers;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>The OAuth apps there are, from memory; opens one's secret for one request.</summary>
internal sealed class ProviderDirectory
{
    private readonly PortalDatabase _database;
    private readonly SecretVault _vault;
    private readonly Invalidations _invalidations;
    private readonly Lock _gate = new();
    private Task<FrozenDictionary<ProviderId, Provider>>? _all;

    public ProviderDirectory(PortalDatabase database, SecretVault vault, Invalidations invalidations)
    {
        (_database, _vault, _invalidations) = (database, vault, invalidations);
        invalidations.Subscribe(message =>
        {
            if (message.Kind is InvalidationKind.Provider or InvalidationKind.Everything)
            {
                lock (_gate)
                {
                    _all = null;
                }
            }
        });
    }

    /// <summary>Enabled apps by name.</summary>
    public async ValueTask<IReadOnlyList<Provider>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await AllAsync(cancellationToken)).Values.Where(p => p.Enabled).OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase)];

    public async ValueTask<Provider?> FindAsync(string slug, CancellationToken cancellationToken) =>
        (await AllAsync(cancellationToken)).Values.FirstOrDefault(p => p.Enabled && p.Slug == slug);

    /// <summary>Also one that is switched off: its grants are still to be shown and revoked.</summary>
    public async ValueTask<Provider?> FindAsync(ProviderId id, CancellationToken cancellationToken) => (await AllAsync(cancellationToken)).GetValueOrDefault(id);

    /// <summary>Decrypts the app's secret. Keep the result for one request only.</summary>
    public async ValueTask<OAuthApp> OpenAsync(Provider provider, CancellationToken cancellationToken)
    {
        string? secret = null;
        if (provider.ClientSecret is { } stored)
        {
            using var plaintext = await _vault.UnprotectAsync(Bindings.ClientSecret(provider), stored, cancellationToken);
            secret = plaintext.Reveal();
        }

        return new OAuthApp
        {
            Id = provider.Id,
            Slug = provider.Slug,
            Kind = provider.Kind,
            ClientId = provider.ClientId,
            ClientSecret = secret,
            AuthorizationEndpoint = new Uri(provider.AuthorizationEndpoint),
            TokenEndpoint = new Uri(provider.TokenEndpoint),
            RevocationEndpoint = provider.RevocationEndpoint is { Length: > 0 } revocation ? new Uri(revocation) : null,
            UserInfoEndpoint = provider.UserInfoEndpoint is { Length: > 0 } userInfo ? new Uri(userInfo) : null,
        };
    }

    private async Task<FrozenDictionary<ProviderId, Provider>> AllAsync(CancellationToken cancellationToken)
    {
        Task<FrozenDictionary<ProviderId, Provider>> all;
        lock (_gate)
        {
            if (_all is null || _all.IsFaulted || !_invalidations.IsCurrent)
            {
                _all = LoadAsync();
            }

            all = _all;
        }

        return await all.WaitAsync(cancellationToken);
    }

    private async Task<FrozenDictionary<ProviderId, Provider>> LoadAsync()
    {
        await using var scope = await _database.ForSystemAsync(CancellationToken.None);
        return (await scope.Db.Providers.AsNoTracking().ToListAsync()).ToFrozenDictionary(p => p.Id);
    }
}
