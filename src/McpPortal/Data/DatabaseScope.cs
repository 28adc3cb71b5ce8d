using Microsoft.EntityFrameworkCore.Storage;

namespace McpPortal.Data;

/// <summary>One transaction with its context. Without <see cref="CommitAsync"/> everything is rolled back.</summary>
internal abstract class DatabaseScope(PortalDb db, IDbContextTransaction transaction) : IAsyncDisposable
{
    private List<Action>? _committed;

    public PortalDb Db { get; } = db;

    /// <summary>Runs the action once the transaction is committed; never when it is rolled back.</summary>
    public void OnCommitted(Action action) => (_committed ??= []).Add(action);

    /// <summary>Saves what the context tracks and commits.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await Db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        _committed?.ForEach(action => action());
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await Db.DisposeAsync();
    }
}

/// <summary>A transaction in which row-level security sees exactly one user.</summary>
internal sealed class UserScope(PortalDb db, IDbContextTransaction transaction, UserId user, AccountRow? account) : DatabaseScope(db, transaction)
{
    public UserId User { get; } = user;

    /// <summary>As it is at the beginning of the transaction; null when the user is gone.</summary>
    public AccountRow? Account { get; } = account;
}

/// <summary>What every transaction of a user reads first.</summary>
internal sealed record AccountRow(UserStatus Status, DateTimeOffset? LastSignInAt);

/// <summary>A transaction of hosted work, which sees every row.</summary>
internal sealed class SystemScope(PortalDb db, IDbContextTransaction transaction) : DatabaseScope(db, transaction);
