using System.Collections.Concurrent;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Accounts;

/// <summary>Answers on each request whether a sign-in still counts; remembers until an invalidation says otherwise.</summary>
internal sealed class AccountStates
{
    private const int MaxRemembered = 20_000;

    private readonly ConcurrentDictionary<SignInSessionId, AccountState> _known = new();
    private readonly Memory<UserId, Activity> _accounts;
    private readonly ConcurrentDictionary<Subscription, Action<Invalidation>> _watchers = new();
    private readonly PortalDatabase _database;
    private readonly Invalidations _invalidations;
    private readonly TimeProvider _clock;
    private readonly SingleUserMode _mode;
    private long _version;

    public AccountStates(PortalDatabase database, Invalidations invalidations, TimeProvider clock, SingleUserMode mode)
    {
        _database = database;
        _invalidations = invalidations;
        _clock = clock;
        _mode = mode;
        _accounts = new Memory<UserId, Activity>(invalidations, LoadActivityAsync, MaxRemembered);
        invalidations.Subscribe(Forget);
    }

    /// <summary>Calls back when a sign-in may have ended or a user may have changed, until disposed; ask again then. Must be quick and must not throw.</summary>
    public IDisposable Watch(Action<Invalidation> watcher)
    {
        var watch = new Subscription(this);
        _watchers[watch] = watcher;
        return watch;
    }

    /// <summary>Whether a message is about this sign-in or its user.</summary>
    public static bool Concerns(Invalidation invalidation, UserId user, SignInSessionId? session) => invalidation.Kind switch
    {
        InvalidationKind.User => invalidation.Subject == user.Value,
        InvalidationKind.SignIn => invalidation.Subject == session?.Value,
        InvalidationKind.Everything => true,
        _ => false,
    };

    /// <returns>The live state, or null when the sign-in has ended, or its user is disabled or gone.</returns>
    public async ValueTask<AccountState?> GetAsync(SignInSessionId session, UserId user, CancellationToken cancellationToken)
    {
        if (!_mode.Admits(user))
        {
            return null;
        }

        // A node that has not heard from the others for two seconds trusts the database only.
        if (_invalidations.IsCurrent && _known.TryGetValue(session, out var known))
        {
            return known.User == user && known.ExpiresAt > _clock.GetUtcNow() ? known : null;
        }

        var version = Interlocked.Read(ref _version);
        var state = await LoadAsync(session, user, cancellationToken);
        if (state is null || state.ExpiresAt <= _clock.GetUtcNow())
        {
            return null;
        }

        if (_known.Count >= MaxRemembered)
        {
            _known.Clear();
        }

        _known[session] = state;
        // What was read before a change must not be remembered after it.
        if (Interlocked.Read(ref _version) != version)
        {
            _known.TryRemove(session, out _);
        }

        return state;
    }

    /// <summary>Whether the user may come in at all, whatever they came with.</summary>
    public async ValueTask<bool> IsActiveAsync(UserId user, CancellationToken cancellationToken) =>
        _mode.Admits(user) && (await _accounts.GetAsync(user, cancellationToken)).IsActive;

    /// <summary>When the user was last known to sign in; null: never.</summary>
    /// <param name="user">Whose sign-in.</param>
    /// <param name="anew">They may have signed in since it was read, on whichever node.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<DateTimeOffset?> LastSignInAsync(UserId user, bool anew, CancellationToken cancellationToken)
    {
        if (anew)
        {
            _accounts.Forget(user);
        }

        return (await _accounts.GetAsync(user, cancellationToken)).LastSignInAt;
    }

    private async Task<Activity> LoadActivityAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForAccountAsync(user, cancellationToken);
        return new Activity(scope.Account is { Status: UserStatus.Active }, scope.Account?.LastSignInAt);
    }

    private async Task<AccountState?> LoadAsync(SignInSessionId session, UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForAccountAsync(user, cancellationToken);
        return await (
            from s in scope.Db.SignInSessions.AsNoTracking()
            join u in scope.Db.Users on s.UserId equals u.Id
            where s.Id == session && s.UserId == user && s.EndedAt == null && u.Status == UserStatus.Active
            select new AccountState(s.Id, u.Id, u.DisplayName, u.Email, u.ClaimedRoles | u.GrantedRoles, s.ExpiresAt))
            .SingleOrDefaultAsync(cancellationToken);
    }

    private void Forget(Invalidation invalidation)
    {
        if (invalidation.Kind is not (InvalidationKind.Everything or InvalidationKind.User or InvalidationKind.SignIn))
        {
            return;
        }

        Interlocked.Increment(ref _version);
        if (invalidation.Kind == InvalidationKind.Everything)
        {
            _known.Clear();
            _accounts.ForgetAll();
        }
        else if (invalidation.Kind == InvalidationKind.SignIn)
        {
            _known.TryRemove(new SignInSessionId(invalidation.Subject), out _);
        }
        else
        {
            _accounts.Forget(new UserId(invalidation.Subject));
            foreach (var (id, state) in _known)
            {
                if (state.User.Value == invalidation.Subject)
                {
                    _known.TryRemove(id, out _);
                }
            }
        }

        foreach (var watcher in _watchers.Values)
        {
            watcher(invalidation);
        }
    }

    private sealed record Activity(bool IsActive, DateTimeOffset? LastSignInAt);

    private sealed class Subscription(AccountStates states) : IDisposable
    {
        public void Dispose() => states._watchers.TryRemove(this, out _);
    }
}
