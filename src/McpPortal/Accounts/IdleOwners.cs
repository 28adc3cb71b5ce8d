using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Accounts;

/// <summary>Programs of people who have not signed in for long are paused until they do: somebody who left may have left keys behind.</summary>
internal sealed class IdleOwners
{
    private const int MaxRemembered = 20_000;
    private readonly Memory<UserId, LastSeen> _seen;
    private readonly PortalDatabase _database;
    private readonly IdleLimit _limit;
    private readonly SingleUserMode _mode;
    private readonly TimeProvider _time;

    public IdleOwners(PortalDatabase database, Invalidations invalidations, IdleLimit limit, SingleUserMode mode, TimeProvider time)
    {
        (_database, _limit, _mode, _time) = (database, limit, mode, time);
        _seen = new Memory<UserId, LastSeen>(invalidations, LoadAsync, MaxRemembered);
        invalidations.Subscribe(invalidation =>
        {
            if (invalidation.Kind == InvalidationKind.Everything)
            {
                _seen.ForgetAll();
            }
        });
    }

    /// <summary>A sentence for whoever acts for a person who has been away for too long; null: they have not.</summary>
    public async ValueTask<string?> PausedAsync(UserId user, CancellationToken cancellationToken)
    {
        // The one person of single-user mode has no provider to sign in at.
        if (_mode.IsOn || !IsIdle(await _seen.GetAsync(user, cancellationToken)))
        {
            return null;
        }

        // They may have signed in since it was read, on whichever node.
        _seen.Forget(user);
        return IsIdle(await _seen.GetAsync(user, cancellationToken))
            ? $"Programs are paused because their owner has not signed in to the portal for {_limit.Days} days. They go on as soon as the owner signs in."
            : null;
    }

    private bool IsIdle(LastSeen seen) => _time.GetUtcNow() - seen.At > TimeSpan.FromDays(_limit.Days);

    private async Task<LastSeen> LoadAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForAccountAsync(user, cancellationToken);
        return new LastSeen(await scope.Db.Users.Where(u => u.Id == user).Select(u => u.LastSignInAt).SingleOrDefaultAsync(cancellationToken));
    }

    private sealed record LastSeen(DateTimeOffset? At);
}
