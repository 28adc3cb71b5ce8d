using McpPortal.Audit;
using McpPortal.Connections.Providers;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Saves a refreshed token in one statement; while the database is away it keeps the token on disk and goes on trying.</summary>
internal sealed partial class TokenSaver(
    PortalDatabase database, SecretVault vault, RefreshJournal journal, AuditLog audit, TimeProvider time, ILogger<TokenSaver> logger)
{
    private static readonly Actor Actor = Actor.Job("refresh");
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>False: the row moved on without us, and the tokens just received belong to nobody.</summary>
    public async Task<bool> SaveAsync(Connection row, long fence, TokenSet tokens, string oldRefreshToken, CancellationToken cancellationToken)
    {
        var renewed = await EncryptAsync(row, fence, tokens, oldRefreshToken, cancellationToken);
        var journalled = false;
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait * 2 > LongestWait ? LongestWait : wait * 2)
        {
            try
            {
                var saved = await TrySaveAsync(renewed, fence, cancellationToken);
                if (journalled)
                {
                    journal.Remove(renewed);
                }

                return saved;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The provider has already retired the old token: what is not kept now is lost.
                if (!journalled)
                {
                    journal.Write(renewed);
                    journalled = true;
                }

                Log.NotSaved(logger, row.Id, e.GetType().Name);
                await Task.Delay(wait, time, cancellationToken);
            }
        }
    }

    /// <summary>Saves what an earlier process left in the journal, where its generation still fits.</summary>
    public async Task ReplayAsync(CancellationToken cancellationToken)
    {
        foreach (var renewed in journal.Read())
        {
            var saved = await TrySaveAsync(renewed, fence: null, cancellationToken);
            Log.Replayed(logger, renewed.Connection, saved);
            journal.Remove(renewed);
        }
    }

    private async Task<RenewedTokens> EncryptAsync(Connection row, long fence, TokenSet tokens, string oldRefreshToken, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var owner = row.Owner;
        var next = new SecretBinding(SecretKind.AccessToken, owner, row.Id.Value, "access_token", row.Generation + 1);
        var access = await vault.ProtectAsync(next, tokens.AccessToken, cancellationToken);
        var refresh = await vault.ProtectAsync(
            next with { Kind = SecretKind.RefreshToken, Name = "refresh_token" }, tokens.RefreshToken ?? oldRefreshToken, cancellationToken);
        return new RenewedTokens
        {
            Connection = row.Id,
            Generation = row.Generation,
            Fence = fence,
            AccessToken = access.Record.ToArray(),
            RefreshToken = refresh.Record.ToArray(),
            ExpiresAt = TokenTimes.ExpiresAt(tokens, canRefresh: true, now),
            RefreshExpiresAt = now + tokens.RefreshExpiresIn ?? row.RefreshExpiresAt,
            Scopes = tokens.Scopes ?? row.Scopes,
            At = now,
        };
    }

    private async Task<bool> TrySaveAsync(RenewedTokens renewed, long? fence, CancellationToken cancellationToken)
    {
        var access = Protected.FromRecord(renewed.AccessToken);
        var refresh = renewed.RefreshToken is { } record ? Protected.FromRecord(record) : null;
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var rows = scope.Db.Connections.Where(c => c.Id == renewed.Connection && c.Generation == renewed.Generation && c.Status == ConnectionStatus.Connected);
        if (fence is { } mine)
        {
            rows = rows.Where(c => c.LeaseFence == mine);
        }

        var saved = await rows.ExecuteUpdateAsync(
            set => set
                .SetProperty(c => c.Generation, renewed.Generation + 1)
                .SetProperty(c => c.AccessToken, access)
                .SetProperty(c => c.RefreshToken, refresh)
                .SetProperty(c => c.ExpiresAt, renewed.ExpiresAt)
                .SetProperty(c => c.RefreshExpiresAt, renewed.RefreshExpiresAt)
                .SetProperty(c => c.Scopes, renewed.Scopes)
                .SetProperty(c => c.LastRefreshAt, renewed.At)
                .SetProperty(c => c.LeaseOwner, (Guid?)null)
                .SetProperty(c => c.LeaseUntil, (DateTimeOffset?)null)
                .SetProperty(c => c.AttemptStartedAt, (DateTimeOffset?)null)
                .SetProperty(c => c.Failures, 0)
                .SetProperty(c => c.NextAttemptAt, (DateTimeOffset?)null)
                .SetProperty(c => c.LastError, (string?)null)
                .SetProperty(c => c.LastErrorAt, (DateTimeOffset?)null),
            cancellationToken);
        if (saved == 0)
        {
            // A commit whose confirmation got lost has saved these very bytes.
            var now = await scope.Db.Connections.AsNoTracking().Where(c => c.Id == renewed.Connection).Select(c => new { c.Generation, c.AccessToken }).SingleOrDefaultAsync(cancellationToken);
            return now?.Generation == renewed.Generation + 1 && now.AccessToken is { } stored && stored.Record.Span.SequenceEqual(renewed.AccessToken);
        }

        audit.Record(scope, AuditAction.ConnectionRefreshed, Actor, "connection", renewed.Connection.ToString());
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The renewed token of connection {Connection} could not be saved ({Reason}); it is kept in the journal and saved as soon as the database answers.")]
        public static partial void NotSaved(ILogger logger, ConnectionId connection, string reason);

        [LoggerMessage(LogLevel.Information, "The journal held a renewed token of connection {Connection}; saved: {Saved}.")]
        public static partial void Replayed(ILogger logger, ConnectionId connection, bool saved);
    }
}
