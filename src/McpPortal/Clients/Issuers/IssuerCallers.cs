using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using McpPortal.Accounts;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.Issuers;

/// <summary>
/// Whom tokens of external issuers stand for: the person who signs in to the portal with that very issuer as that very subject, or has linked it
/// (<see cref="IssuerLinks"/>), and nobody else, whatever name or address the token holds. What was verified is remembered by its hash, so that a further request costs no signature.
/// </summary>
internal sealed class IssuerCallers
{
    private const int MaxRemembered = 20_000;

    /// <summary>Then its signature is checked again: the issuer may have withdrawn the key.</summary>
    private static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, Read> _read = new(StringComparer.Ordinal);
    private readonly Memory<Subject, Person> _people;
    private readonly PortalDatabase _database;
    private readonly ExternalIssuers _issuers;
    private readonly SingleUserMode _mode;
    private readonly TimeProvider _time;

    public IssuerCallers(PortalDatabase database, ExternalIssuers issuers, Invalidations invalidations, SingleUserMode mode, TimeProvider time)
    {
        (_database, _issuers, _mode, _time) = (database, issuers, mode, time);
        _people = new Memory<Subject, Person>(invalidations, LoadAsync, MaxRemembered);
        invalidations.Subscribe(OnInvalidation);
    }

    /// <summary>Whether the token and its person are in memory: then it is no guess.</summary>
    public bool Remembers(string text) => _read.TryGetValue(Hash(text), out var known) && _people.Holds(SubjectOf(known.Token));

    public async ValueTask<IssuerVerdict> VerifyAsync(string text, CancellationToken cancellationToken)
    {
        if (await ReadAsync(text, cancellationToken) is not { } token)
        {
            return IssuerVerdict.Refused;
        }

        var subject = SubjectOf(token);
        var person = await _people.GetAsync(subject, cancellationToken);
        if (person.User is not { } user)
        {
            // Not remembered: they may sign in the next moment, on another node.
            _people.Forget(subject);
            return IssuerVerdict.Unlinked;
        }

        return !person.IsActive || !_mode.Admits(user) ? IssuerVerdict.Refused
            : token.MayRead || token.MayCall ? new IssuerVerdict.Accepted(new IssuerHolder(token, user, person.Name))
            : IssuerVerdict.OutOfScope;
    }

    private static string Hash(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static Subject SubjectOf(IssuerToken token) => new(token.Issuer, token.Subject);

    private async ValueTask<IssuerToken?> ReadAsync(string text, CancellationToken cancellationToken)
    {
        var (hash, now) = (Hash(text), _time.GetUtcNow());
        if (_read.TryGetValue(hash, out var known))
        {
            if (now < known.Until)
            {
                return known.Token;
            }

            _read.TryRemove(hash, out _);
        }

        if (await _issuers.ReadAsync(text, cancellationToken) is not { } token)
        {
            return null;
        }

        if (_read.Count >= MaxRemembered)
        {
            _read.Clear();
        }

        var until = now + RememberedFor;
        _read[hash] = new Read(token, until < token.ExpiresAt ? until : token.ExpiresAt);
        return token;
    }

    private async Task<Person> LoadAsync(Subject subject, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForSystemAsync(cancellationToken);
        var found = await (
            from identity in scope.Db.Identities.AsNoTracking()
            join user in scope.Db.Users on identity.UserId equals user.Id
            where identity.Issuer == subject.Issuer && identity.Subject == subject.Name
            select new { identity.Issuer, identity.Subject, user.Id, user.DisplayName, user.Status }).ToListAsync(cancellationToken);

        // SQL Server's usual collation takes names that differ in case for one; an issuer need not.
        return found.Find(row => row.Issuer == subject.Issuer && row.Subject == subject.Name) is { } row
            ? new Person(row.Id, row.DisplayName, row.Status == UserStatus.Active)
            : new Person(null, "", IsActive: false);
    }

    private void OnInvalidation(Invalidation invalidation)
    {
        switch (invalidation.Kind)
        {
            case InvalidationKind.Everything:
                _read.Clear();
                _people.ForgetAll();
                break;
            case InvalidationKind.User:
                _people.ForgetWhere(person => person.User is null || person.User.Value.Value == invalidation.Subject);
                break;
        }
    }

    private readonly record struct Subject(string Issuer, string Name);

    private sealed record Read(IssuerToken Token, DateTimeOffset Until);

    private sealed record Person(UserId? User, string Name, bool IsActive);
}
