using McpPortal.Data;

namespace McpPortal.Accounts;

/// <summary>Programs of people who have not signed in for long are paused until they do: somebody who left may have left keys behind.</summary>
internal sealed class IdleOwners(AccountStates accounts, IdleLimit limit, SingleUserMode mode, TimeProvider time)
{
    /// <summary>A sentence for whoever acts for a person who has been away for too long; null: they have not.</summary>
    public async ValueTask<string?> PausedAsync(UserId user, CancellationToken cancellationToken)
    {
        // The one person of single-user mode has no provider to sign in at.
        if (mode.IsOn || !await IsIdleAsync(user, anew: false, cancellationToken))
        {
            return null;
        }

        return await IsIdleAsync(user, anew: true, cancellationToken)
            ? $"Programs are paused because their owner has not signed in to the portal for {limit.Days} days. They go on as soon as the owner signs in."
            : null;
    }

    private async ValueTask<bool> IsIdleAsync(UserId user, bool anew, CancellationToken cancellationToken) =>
        time.GetUtcNow() - await accounts.LastSignInAsync(user, anew, cancellationToken) > TimeSpan.FromDays(limit.Days);
}
