using System.Globalization;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.OAuth;

/// <summary>Clears away codes and tokens that have expired, grants that ended long ago, and clients that nobody consented to.</summary>
internal sealed partial class ClientSweeper(PortalDatabase database, AuditLog audit, TimeProvider time, ILogger<ClientSweeper> logger) : RepeatedWork(TimeSpan.FromMinutes(10), time)
{
    private readonly TimeProvider _time = time;

    /// <summary>A code that was used is kept so long, to notice when it comes again.</summary>
    private static readonly TimeSpan CodeKeptFor = TimeSpan.FromDays(1);
    private static readonly TimeSpan EndedKeptFor = TimeSpan.FromDays(30);

    internal async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var (codesBefore, endedBefore, unusedBefore) = (now - CodeKeptFor, now - EndedKeptFor, now - RegisteredClients.UnusedFor);
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var db = scope.Db;
        await db.ClientCodes.Where(c => c.ExpiresAt < codesBefore).ExecuteDeleteAsync(cancellationToken);
        await db.ClientTokens.Where(t => t.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        await db.ClientGrants.Where(g => g.RevokedAt < endedBefore || g.ExpiresAt < endedBefore || (g.BeganAt == null && g.CreatedAt < codesBefore)).ExecuteDeleteAsync(cancellationToken);
        var clients = await db.RegisteredClients.Where(c => c.UsedAt == null && c.CreatedAt < unusedBefore && !db.ClientGrants.Any(g => g.ClientId == c.Id)).ExecuteDeleteAsync(cancellationToken);
        if (clients > 0)
        {
            audit.Record(scope, AuditAction.ClientsExpired, Actor.Job("client sweeper"), "client", "unused", details: [("count", clients.ToString(CultureInfo.InvariantCulture))]);
        }

        await scope.CommitAsync(cancellationToken);
    }

    protected override Task WorkAsync(CancellationToken cancellationToken) => SweepAsync(cancellationToken);

    protected override void Tell(Exception fault) => Log.Failed(logger, fault.GetType().Name);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Expired codes, tokens and clients could not be cleared away ({Reason}).")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
