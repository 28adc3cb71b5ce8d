using System.Collections.Concurrent;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Stops refreshes at a provider that refuses the portal's app itself, so that nobody's connection suffers for it; one probe every five minutes.</summary>
internal sealed partial class ProviderBreaker(PortalDatabase database, AuditLog audit, Invalidations invalidations, TimeProvider time, ILogger<ProviderBreaker> logger)
{
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<ProviderId, DateTimeOffset> _probed = new();

    public bool IsOpen(Provider provider)
    {
        if (provider.BrokenSince is not { } since)
        {
            return false;
        }

        var now = time.GetUtcNow();
        var last = _probed.GetOrAdd(provider.Id, since);
        return now - last < ProbeEvery || !_probed.TryUpdate(provider.Id, now, last);
    }

    public async Task OpenAsync(Provider provider, string code, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        _probed[provider.Id] = now;
        var reason = $"{provider.Name} refused the portal's app ({code}). Check its client id and secret.";
        if (await SetAsync(provider, broken: false, now, reason, cancellationToken))
        {
            Log.Broken(logger, provider.Slug, code);
        }
    }

    public async Task CloseAsync(Provider provider, CancellationToken cancellationToken)
    {
        if (provider.BrokenSince is not null)
        {
            await SetAsync(provider, broken: true, since: null, reason: null, cancellationToken);
        }
    }

    private async Task<bool> SetAsync(Provider provider, bool broken, DateTimeOffset? since, string? reason, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var changed = await scope.Db.Providers.Where(p => p.Id == provider.Id && p.Version == provider.Version && (p.BrokenSince != null) == broken)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.BrokenSince, since).SetProperty(p => p.BrokenReason, reason), cancellationToken);
        if (changed == 0)
        {
            return false;
        }

        audit.Record(scope, AuditAction.ProviderChanged, Actor.Job("refresh"), "provider", provider.Id.ToString(), details: [("working", since is null ? "yes" : "no"), ("reason", reason)]);
        invalidations.Publish(scope, InvalidationKind.Provider, provider.Id.Value);
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The provider {Provider} refuses the portal's app ({Code}). Connections stay, but none is renewed until its client id and secret are right.")]
        public static partial void Broken(ILogger logger, string provider, string code);
    }
}
