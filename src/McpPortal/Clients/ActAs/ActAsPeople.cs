using McpPortal.Accounts;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.ActAs;

/// <summary>
/// For whom a program may act: somebody active, in the group of its key, who has switched it on. Everybody else, people who do not exist
/// included, is the same nobody.
/// </summary>
internal sealed class ActAsPeople
{
    private const int MaxName = 700;
    private const int MaxRemembered = 20_000;
    private readonly Memory<Asked, Person> _people;
    private readonly PortalDatabase _database;
    private readonly SingleUserMode _mode;

    public ActAsPeople(PortalDatabase database, Invalidations invalidations, SingleUserMode mode)
    {
        (_database, _mode) = (database, mode);
        _people = new Memory<Asked, Person>(invalidations, LoadAsync, MaxRemembered);
        invalidations.Subscribe(OnInvalidation);
    }

    /// <param name="program">Who asks.</param>
    /// <param name="name">The person's verified e-mail address, <c>issuer|sub</c>, or id.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async ValueTask<ActAsHolder?> FindAsync(ServiceHolder program, string? name, CancellationToken cancellationToken)
    {
        if (name is not { Length: > 0 and <= MaxName } || name.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        var asked = new Asked(program.KeyId, name);
        var person = await _people.GetAsync(asked, cancellationToken);
        if (person.User is { } user)
        {
            return _mode.Admits(user) ? new ActAsHolder(program, user, person.Name) : null;
        }

        // Not remembered: they may agree the next moment, and a program could fill the memory with names.
        _people.Forget(asked);
        return null;
    }

    /// <summary>Whether a program whose key is not revoked may act for the person, as the database says now.</summary>
    public async Task<bool> MayActAsync(string keyId, UserId user, CancellationToken cancellationToken) =>
        (await LoadAsync(new Asked(keyId, user.ToString()), cancellationToken)).User is not null;

    private async Task<Person> LoadAsync(Asked asked, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForSystemAsync(cancellationToken);
        var db = scope.Db;

        // Both questions are asked whatever the answer to the first one is: it takes as long for people who do not exist.
        var named = await NamedAsync(db, asked.Name, cancellationToken);
        var user = named ?? new UserId(Guid.Empty);
        var found = await (
            from key in db.ServiceKeys.AsNoTracking()
            join member in db.GroupMembers on key.GroupId equals member.GroupId
            join consent in db.ActAsConsents on new { Key = key.Id, member.UserId } equals new { Key = consent.ServiceKeyId, consent.UserId }
            join person in db.Users on member.UserId equals person.Id
            where key.Id == asked.KeyId && key.RevokedAt == null && person.Id == user && person.Status == UserStatus.Active
            select person.DisplayName).FirstOrDefaultAsync(cancellationToken);
        return found is null ? new Person(null, "") : new Person(named, found);
    }

    /// <summary>Two people of one name are nobody.</summary>
    private static async Task<UserId?> NamedAsync(PortalDb db, string name, CancellationToken cancellationToken)
    {
        if (Guid.TryParseExact(name, "D", out var id))
        {
            return new UserId(id);
        }

        var bar = name.IndexOf('|', StringComparison.Ordinal);
        if (bar > 0)
        {
            var (issuer, subject) = (name[..bar], name[(bar + 1)..]);
            var identities = await db.Identities.AsNoTracking().Where(i => i.Issuer == issuer && i.Subject == subject).ToListAsync(cancellationToken);
            return identities.Find(i => i.Issuer == issuer && i.Subject == subject)?.UserId;
        }

#pragma warning disable CA1304, CA1311, CA1862, MA0011 // translated to the database's lower()
        var address = name.ToLowerInvariant();
        var owners = await db.Users.Where(u => u.EmailVerified && u.Email != null && u.Email.ToLower() == address && u.Status != UserStatus.Deleted)
            .Select(u => u.Id).Take(2).ToListAsync(cancellationToken);
#pragma warning restore CA1304, CA1311, CA1862, MA0011
        return owners is [var only] ? only : null;
    }

    private void OnInvalidation(Invalidation invalidation)
    {
        switch (invalidation.Kind)
        {
            case InvalidationKind.Everything or InvalidationKind.ActAs or InvalidationKind.Groups:
                _people.ForgetAll();
                break;
            case InvalidationKind.User:
                _people.ForgetWhere(person => person.User is null || person.User.Value.Value == invalidation.Subject);
                break;
        }
    }

    private readonly record struct Asked(string KeyId, string Name);

    private sealed record Person(UserId? User, string Name);
}
