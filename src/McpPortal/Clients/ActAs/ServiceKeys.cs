using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.ActAs;

/// <summary>Keys of programs that act for members of a group: made, listed, revoked, and looked up from memory on each request.</summary>
internal sealed class ServiceKeys
{
    /// <summary>Begins every service key.</summary>
    public const string Prefix = "mcps_";

    private const int MaxKeys = 500;
    private const int IdBytes = 16;
    private const int SecretBytes = 32;
    private const int MaxRemembered = 10_000;
    private readonly Memory<string, Remembered> _known;

    /// <summary>Ids that were somebody's. Says nothing about what they are worth now, so no invalidation touches it.</summary>
    private readonly ConcurrentDictionary<string, bool> _met = new(StringComparer.Ordinal);
    private readonly PortalDatabase _database;
    private readonly Fingerprints _fingerprints;
    private readonly AuditLog _audit;
    private readonly Invalidations _invalidations;
    private readonly TimeProvider _time;

    public ServiceKeys(PortalDatabase database, Fingerprints fingerprints, AuditLog audit, Invalidations invalidations, TimeProvider time)
    {
        (_database, _fingerprints, _audit, _invalidations, _time) = (database, fingerprints, audit, invalidations, time);
        _known = new Memory<string, Remembered>(invalidations, LoadAsync, MaxRemembered);
        invalidations.Subscribe(OnInvalidation);
    }

    /// <summary>Makes a key. Null: there is no such group, or there are too many keys.</summary>
    /// <returns>The key's text, for the only time.</returns>
    public async Task<string?> CreateAsync(string name, GroupId group, DateTimeOffset? expiresAt, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForSystemAsync(cancellationToken);
        if (await scope.Db.Groups.Where(g => g.Id == group).Select(g => g.Name).SingleOrDefaultAsync(cancellationToken) is not { } groupName
            || await scope.Db.ServiceKeys.CountAsync(k => k.RevokedAt == null, cancellationToken) >= MaxKeys)
        {
            return null;
        }

        var (id, text) = AccessKeyText.From(Prefix, RandomNumberGenerator.GetBytes(IdBytes), RandomNumberGenerator.GetBytes(SecretBytes));
        scope.Db.ServiceKeys.Add(new ServiceKey { Id = id, Name = name.Trim(), Hash = Hash(text), GroupId = group, CreatedAt = _time.GetUtcNow(), ExpiresAt = expiresAt });
        _audit.Record(scope, AuditAction.ServiceKeyCreated, actor, "service-key", id, details: [("name", name.Trim()), ("group", groupName), ("expires", expiresAt?.ToString("u", CultureInfo.InvariantCulture))]);
        _invalidations.Publish(scope, InvalidationKind.ActAs, group.Value);
        await scope.CommitAsync(cancellationToken);
        return text;
    }

    public async Task<IReadOnlyList<ServiceKeyListing>> ListAsync(CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForSystemAsync(cancellationToken);
        var db = scope.Db;
        var allowing = await (
            from key in db.ServiceKeys
            join consent in db.ActAsConsents on key.Id equals consent.ServiceKeyId
            join member in db.GroupMembers on new { key.GroupId, consent.UserId } equals new { member.GroupId, member.UserId }
            where key.RevokedAt == null
            group consent by key.Id into people
            select new { people.Key, Count = people.Count() }).ToDictionaryAsync(row => row.Key, row => row.Count, StringComparer.Ordinal, cancellationToken);
        var keys = await (
            from key in db.ServiceKeys
            join grp in db.Groups on key.GroupId equals grp.Id
            where key.RevokedAt == null
            orderby key.CreatedAt descending
            select new { key.Id, key.Name, Group = grp.Name, key.CreatedAt, key.ExpiresAt }).ToListAsync(cancellationToken);
        return keys.ConvertAll(key => new ServiceKeyListing(key.Id, key.Name, key.Group, key.CreatedAt, key.ExpiresAt, allowing.GetValueOrDefault(key.Id)));
    }

    /// <summary>Groups for whose members a program may act.</summary>
    public async Task<IReadOnlyList<(GroupId Id, string Name)>> GroupsAsync(CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForSystemAsync(cancellationToken);
        var groups = await scope.Db.Groups.OrderBy(g => g.Name).Select(g => new { g.Id, g.Name }).ToListAsync(cancellationToken);
        return groups.ConvertAll(g => (g.Id, g.Name));
    }

    /// <summary>Revokes the key; effective on every node within two seconds. False: there is no such key.</summary>
    public async Task<bool> RevokeAsync(string keyId, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForSystemAsync(cancellationToken);
        if (await scope.Db.ServiceKeys.SingleOrDefaultAsync(k => k.Id == keyId && k.RevokedAt == null, cancellationToken) is not { } key)
        {
            return false;
        }

        key.RevokedAt = _time.GetUtcNow();
        _audit.Record(scope, AuditAction.ServiceKeyRevoked, actor, "service-key", keyId, details: [("name", key.Name)]);
        _invalidations.Publish(scope, InvalidationKind.ActAs, key.GroupId.Value);
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Whether a key of this id has been here before, or was found to be none: then it is no guess.</summary>
    public bool Remembers(string text) => AccessKeyText.TryParse(text, Prefix, out var id) && (_met.ContainsKey(id) || _known.Holds(id));

    /// <summary>Which program the key is of, or null for a wrong, revoked or expired key.</summary>
    public async ValueTask<ServiceHolder?> VerifyAsync(string text, CancellationToken cancellationToken)
    {
        if (!AccessKeyText.TryParse(text, Prefix, out var id))
        {
            return null;
        }

        var remembered = await _known.GetAsync(id, cancellationToken);
        if (remembered.Holder is not null)
        {
            _met.TryAdd(id, true);
        }

        // Compared for unknown ids too, so that both take the same time.
        var matches = CryptographicOperations.FixedTimeEquals(remembered.Hash, Hash(text));
        return matches && remembered.Holder is { } holder && !(holder.ExpiresAt <= _time.GetUtcNow()) ? holder : null;
    }

    private async Task<Remembered> LoadAsync(string id, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForSystemAsync(cancellationToken);
        return await scope.Db.ServiceKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == id && k.RevokedAt == null, cancellationToken) is { } key
            ? new Remembered(key.Hash, new ServiceHolder(id, key.Name, key.GroupId, key.ExpiresAt))
            : new Remembered(new byte[32], null);
    }

    /// <summary>Their first letters keep them apart from access keys.</summary>
    private byte[] Hash(string text) => _fingerprints.OfAccessKey(Encoding.ASCII.GetBytes(text));

    private void OnInvalidation(Invalidation invalidation)
    {
        if (invalidation.Kind is InvalidationKind.Everything or InvalidationKind.ActAs)
        {
            _known.ForgetAll();
        }
    }

    private sealed record Remembered(byte[] Hash, ServiceHolder? Holder)
    {
        public override string ToString() => $"service key of {Holder?.Name}";
    }
}
