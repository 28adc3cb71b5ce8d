using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients;

/// <summary>Keys with which programs act for their owner: made, listed, revoked, and looked up from memory on each request.</summary>
internal sealed class AccessKeys
{
    public const int MaxPerUser = 50;
    private const int MaxRemembered = 20_000;
    private readonly Memory<string, Remembered> _known;

    /// <summary>Ids that were somebody's. Says nothing about what they are worth now, so no invalidation touches it.</summary>
    private readonly ConcurrentDictionary<string, bool> _met = new(StringComparer.Ordinal);
    private readonly PortalDatabase _database;
    private readonly Fingerprints _fingerprints;
    private readonly AuditLog _audit;
    private readonly Invalidations _invalidations;
    private readonly TimeProvider _time;
    private readonly SingleUserMode _mode;

    public AccessKeys(PortalDatabase database, Fingerprints fingerprints, AuditLog audit, Invalidations invalidations, TimeProvider time, SingleUserMode mode)
    {
        (_database, _fingerprints, _audit, _invalidations, _time, _mode) = (database, fingerprints, audit, invalidations, time, mode);
        _known = new Memory<string, Remembered>(invalidations, LoadAsync, MaxRemembered);
        invalidations.Subscribe(OnInvalidation);
    }

    /// <summary>Makes a key. Null: the owner has <see cref="MaxPerUser"/> already, or the actor is another person.</summary>
    /// <returns>The key's text, for the only time.</returns>
    public Task<string?> CreateAsync(UserId user, string name, bool readOnly, IReadOnlyList<ServerId>? servers, DateTimeOffset? expiresAt, Actor actor, CancellationToken cancellationToken) =>
        CreateAsync(user, name, readOnly, servers, toolsets: null, expiresAt, actor, cancellationToken);

    /// <summary>The same for a key that works at the endpoints of these toolsets of the user's and nowhere else.</summary>
    public Task<string?> CreateForToolsetsAsync(UserId user, string name, bool readOnly, IReadOnlyList<ToolsetId> toolsets, DateTimeOffset? expiresAt, Actor actor, CancellationToken cancellationToken) =>
        CreateAsync(user, name, readOnly, servers: null, toolsets, expiresAt, actor, cancellationToken);

    private async Task<string?> CreateAsync(
        UserId user, string name, bool readOnly, IReadOnlyList<ServerId>? servers, IReadOnlyList<ToolsetId>? toolsets, DateTimeOffset? expiresAt, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.User is { } person && person != user)
        {
            return null;
        }

        // Only owners themselves may write under their own row-level security; an operator at the command line is nobody in it.
        await using DatabaseScope scope = actor.User is null ? await _database.ForSystemAsync(cancellationToken) : await _database.ForUserAsync(user, cancellationToken);
        if (await scope.Db.AccessKeys.CountAsync(k => k.UserId == user && k.RevokedAt == null, cancellationToken) >= MaxPerUser)
        {
            return null;
        }

        var text = Add(scope, user, name, readOnly, servers, toolsets, expiresAt, actor);
        await scope.CommitAsync(cancellationToken);
        return text;
    }

    /// <summary>Makes a key in the caller's transaction.</summary>
    public string Add(DatabaseScope scope, UserId user, string name, bool readOnly, IReadOnlyList<ServerId>? servers, IReadOnlyList<ToolsetId>? toolsets, DateTimeOffset? expiresAt, Actor actor)
    {
        var (id, text) = AccessKeyText.Generate();
        scope.Db.AccessKeys.Add(new AccessKey
        {
            Id = id,
            UserId = user,
            Name = name.Trim(),
            Hash = Hash(text),
            ReadOnly = readOnly,
            Servers = servers,
            Toolsets = toolsets,
            CreatedAt = _time.GetUtcNow(),
            ExpiresAt = expiresAt,
        });
        _audit.Record(scope, AuditAction.AccessKeyCreated, actor, "access-key", id, user, ("name", name), ("readOnly", readOnly ? "yes" : "no"), ("expires", expiresAt?.ToString("u")));
        _invalidations.Publish(scope, InvalidationKind.AccessKeys, user.Value);
        return text;
    }

    public async Task<IReadOnlyList<AccessKeyListing>> ListAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForUserAsync(user, cancellationToken);
        return await scope.Db.AccessKeys.Where(k => k.UserId == user && k.RevokedAt == null)
            .OrderByDescending(k => k.CreatedAt)
            .Select(k => new AccessKeyListing(k.Id, k.Name, k.ReadOnly, k.Servers, k.Toolsets, k.CreatedAt, k.ExpiresAt, k.LastUsedAt, k.LastUsedFrom))
            .ToListAsync(cancellationToken);
    }

    /// <summary>Revokes the key; effective on every node within two seconds. False: the user has no such key.</summary>
    public async Task<bool> RevokeAsync(UserId user, string keyId, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForUserAsync(user, cancellationToken);
        var now = _time.GetUtcNow();
        if (await scope.Db.AccessKeys.Where(k => k.UserId == user && k.Id == keyId && k.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(k => k.RevokedAt, now), cancellationToken) == 0)
        {
            return false;
        }

        // In single-user mode browsers sign in with keys.
        foreach (var session in await scope.Db.SignInSessions
            .Where(s => s.UserId == user && s.Issuer == SingleUserMode.Issuer && s.ProviderSessionId == keyId && s.EndedAt == null).ToListAsync(cancellationToken))
        {
            session.EndedAt = now;
            _audit.Record(scope, AuditAction.UserSignedOut, actor, "sign-in", session.Id.ToString(), user);
            _invalidations.Publish(scope, InvalidationKind.SignIn, session.Id.Value);
        }

        _audit.Record(scope, AuditAction.AccessKeyRevoked, actor, "access-key", keyId, user);
        _invalidations.Publish(scope, InvalidationKind.AccessKeys, user.Value);
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Whether a key of this id has been here before, or was found to be none: then it is no guess.</summary>
    public bool Remembers(string text) => AccessKeyText.TryParse(text, out var id) && (_met.ContainsKey(id) || _known.Holds(id));

    /// <summary>Whom the key stands for, or null for a wrong, revoked or expired key and for an owner who is not active.</summary>
    public async ValueTask<KeyHolder?> VerifyAsync(string text, CancellationToken cancellationToken)
    {
        if (!AccessKeyText.TryParse(text, out var id))
        {
            return null;
        }

        var remembered = await _known.GetAsync(id, cancellationToken);
        if (remembered.Holder is not null && !_met.ContainsKey(id))
        {
            if (_met.Count >= MaxRemembered)
            {
                _met.Clear();
            }

            _met[id] = true;
        }

        // Compared for unknown ids too, so that both take the same time.
        var matches = CryptographicOperations.FixedTimeEquals(remembered.Hash, Hash(text));
        return matches && remembered.Holder is { } holder && !(holder.ExpiresAt <= _time.GetUtcNow()) && _mode.Admits(holder.User) ? holder : null;
    }

    private async Task<Remembered> LoadAsync(string id, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForSystemAsync(cancellationToken);
        var row = await (
            from key in scope.Db.AccessKeys
            join user in scope.Db.Users on key.UserId equals user.Id
            where key.Id == id && key.RevokedAt == null && user.Status == UserStatus.Active
            select new { Key = key, user.DisplayName }).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        return row is null
            ? new Remembered(new byte[32], null)
            : new Remembered(row.Key.Hash, new KeyHolder(id, row.Key.Name, row.Key.UserId, row.DisplayName, row.Key.ReadOnly, row.Key.Servers, row.Key.Toolsets, row.Key.ExpiresAt));
    }

    private byte[] Hash(string text) => _fingerprints.OfAccessKey(Encoding.ASCII.GetBytes(text));

    private void OnInvalidation(Invalidation invalidation)
    {
        switch (invalidation.Kind)
        {
            case InvalidationKind.Everything:
                _known.ForgetAll();
                break;
            case InvalidationKind.AccessKeys or InvalidationKind.User:
                // Unknown ids are forgotten too: one of them may have been made just now.
                _known.ForgetWhere(remembered => remembered.Holder is null || remembered.Holder.User.Value == invalidation.Subject);
                break;
        }
    }

    private sealed record Remembered(byte[] Hash, KeyHolder? Holder)
    {
        public override string ToString() => $"access key of {Holder?.User}";
    }
}
