using McpPortal.Audit;
using McpPortal.Connections.Providers;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Writes down how a refresh ended when it brought no token. Each write fits one generation and one fence.</summary>
internal sealed partial class RefreshRecord(PortalDatabase database, AuditLog audit, Invalidations invalidations, TimeProvider time, ILogger<RefreshRecord> logger)
{
    private static readonly TimeSpan CoolDown = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>
    /// The grant is dead: no further attempts until its owner comes. A row that moved meanwhile is somebody's success and stays as it is.
    /// </summary>
    public async Task<RefreshOutcome> NeedsOwnerAsync(Connection row, Provider provider, long? fence, string sentence, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var rows = scope.Db.Connections.Where(c => c.Id == row.Id && c.Generation == row.Generation && c.Status == ConnectionStatus.Connected);
        if (fence is { } mine)
        {
            rows = rows.Where(c => c.LeaseFence == mine);
        }

        var changed = await rows.ExecuteUpdateAsync(
            set => set
                .SetProperty(c => c.Status, ConnectionStatus.ReauthRequired)
                .SetProperty(c => c.LeaseOwner, (Guid?)null)
                .SetProperty(c => c.LeaseUntil, (DateTimeOffset?)null)
                .SetProperty(c => c.AttemptStartedAt, (DateTimeOffset?)null)
                .SetProperty(c => c.LastError, sentence)
                .SetProperty(c => c.LastErrorAt, now),
            cancellationToken);
        if (changed == 0)
        {
            var current = await scope.Db.Connections.AsNoTracking().SingleOrDefaultAsync(c => c.Id == row.Id, cancellationToken);
            return current switch
            {
                { Status: ConnectionStatus.Connected } when current.Generation > row.Generation => new RefreshOutcome.Current(current),
                { Status: ConnectionStatus.Connected } => new RefreshOutcome.Unavailable($"Access to {provider.Name} is just being renewed. Try again in a moment."),
                { Status: ConnectionStatus.ReauthRequired } => new RefreshOutcome.NeedsOwner(),
                _ => new RefreshOutcome.Gone(),
            };
        }

        audit.Record(
            scope, AuditAction.ConnectionNeedsOwner, Actor.Job("refresh"), "connection", row.Id.ToString(),
            row.OwnerKind == OwnerKind.User ? UserId.From(row.OwnerId) : null, ("provider", provider.Slug), ("reason", sentence));
        invalidations.Publish(scope, InvalidationKind.Connection, row.Id.Value);
        invalidations.Publish(scope, InvalidationKind.Credentials, row.OwnerId);
        await scope.CommitAsync(cancellationToken);
        Log.NeedsOwner(logger, row.Id, provider.Slug);
        return new RefreshOutcome.NeedsOwner();
    }

    /// <summary>No usable answer: patience that grows, or as long as the provider asked for.</summary>
    public async Task FailedAsync(Connection row, long fence, string sentence, TokenAnswer.Unavailable answer, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var wait = answer.RetryAfter ?? CoolDown * Math.Pow(2, Math.Min(row.Failures, 4)) * (0.8 + (Random.Shared.NextDouble() * 0.4));
        DateTimeOffset? next = now + (wait > LongestWait ? LongestWait : wait);

        // An attempt whose outcome nobody knows stays marked, so that the next one is not tried twice in a row.
        await using var scope = await database.ForSystemAsync(cancellationToken);
        await Mine(scope, row, fence).ExecuteUpdateAsync(
            set => set
                .SetProperty(c => c.LeaseOwner, (Guid?)null)
                .SetProperty(c => c.LeaseUntil, (DateTimeOffset?)null)
                .SetProperty(c => c.AttemptStartedAt, c => answer.InDoubt ? c.AttemptStartedAt : null)
                .SetProperty(c => c.Failures, c => c.Failures + 1)
                .SetProperty(c => c.NextAttemptAt, next)
                .SetProperty(c => c.LastError, sentence)
                .SetProperty(c => c.LastErrorAt, now),
            cancellationToken);
        await scope.CommitAsync(cancellationToken);
        Log.Failed(logger, row.Id, sentence);
    }

    public async Task ReleaseAsync(Connection row, long fence, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        await Mine(scope, row, fence).ExecuteUpdateAsync(
            set => set
                .SetProperty(c => c.LeaseOwner, (Guid?)null)
                .SetProperty(c => c.LeaseUntil, (DateTimeOffset?)null)
                .SetProperty(c => c.AttemptStartedAt, (DateTimeOffset?)null),
            cancellationToken);
        await scope.CommitAsync(cancellationToken);
    }

    private static IQueryable<Connection> Mine(SystemScope scope, Connection row, long fence) =>
        scope.Db.Connections.Where(c => c.Id == row.Id && c.Generation == row.Generation && c.LeaseFence == fence);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Connection {Connection} at {Provider} needs its owner.")]
        public static partial void NeedsOwner(ILogger logger, ConnectionId connection, string provider);

        [LoggerMessage(LogLevel.Information, "Connection {Connection} was not renewed. {Sentence}")]
        public static partial void Failed(ILogger logger, ConnectionId connection, string sentence);
    }
}
