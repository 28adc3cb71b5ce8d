using System.Collections.Concurrent;
using McpPortal.Connections.Providers;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Renews one connection's token: under a lease, with the token that is stored now, and with a meaning for every answer.</summary>
internal sealed partial class Refresher(
    PortalDatabase database,
    ProviderDirectory providers,
    ProviderBreaker breaker,
    OAuthClient client,
    SecretVault vault,
    RefreshLease leases,
    RefreshRecord record,
    TokenSaver saver,
    Revocations revocations,
    GrantCache cache,
    TimeProvider time,
    ILogger<Refresher> logger)
{
    /// <summary>How long a node waits for another one's refresh.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    private static readonly TimeSpan ForcedAtMostEvery = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<ConnectionId, DateTimeOffset> _asked = new();

    /// <param name="id">The connection.</param>
    /// <param name="seen">Generation that is not good enough any more.</param>
    /// <param name="forced">A server refused the token although it has not expired.</param>
    /// <param name="cancellationToken">Of the process, never of a caller: a closed tab must not lose a rotated token.</param>
    public async Task<RefreshOutcome> RenewAsync(ConnectionId id, long seen, bool forced, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            if (await ReadAsync(id, cancellationToken) is not { } row)
            {
                return new RefreshOutcome.Gone();
            }

            var provider = await providers.FindAsync(row.ProviderId, cancellationToken);
            if (provider is null)
            {
                return new RefreshOutcome.Gone();
            }

            if (await JudgeAsync(row, provider, seen, forced, cancellationToken) is { } outcome)
            {
                return outcome;
            }

            if (await leases.TryTakeAsync(row, cancellationToken) is { } fence)
            {
                return await AttemptAsync(row, provider, fence, cancellationToken);
            }

            if (time.GetElapsedTime(began) > Patience)
            {
                return new RefreshOutcome.Unavailable($"Access to {provider.Name} is just being renewed. Try again in a moment.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(50, 500)), time, cancellationToken);
        }
    }

    /// <returns>Null: go and ask the provider.</returns>
    private async Task<RefreshOutcome?> JudgeAsync(Connection row, Provider provider, long seen, bool forced, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        switch (row.Status)
        {
            case ConnectionStatus.ReauthRequired:
                return new RefreshOutcome.NeedsOwner();
            case ConnectionStatus.Connected:
                break;
            default:
                return new RefreshOutcome.Gone();
        }

        if (!row.IsDue(now) && (!forced || row.Generation > seen))
        {
            return new RefreshOutcome.Current(row);
        }

        if (row.RefreshToken is null)
        {
            return await WithoutRefreshTokenAsync(row, provider, forced, cancellationToken);
        }

        if (row.ClientId != provider.ClientId)
        {
            return await record.NeedsOwnerAsync(row, provider, fence: null, $"The portal's app at {provider.Name} was replaced. Reconnect to go on.", cancellationToken);
        }

        if (forced && now - row.LastRefreshAt < ForcedAtMostEvery)
        {
            return new RefreshOutcome.Unavailable($"The server refused the token, although {provider.Name} renewed it less than a minute ago.");
        }

        return row.NextAttemptAt > now || !provider.Enabled || breaker.IsOpen(provider) ? Down(provider) : null;
    }

    private async Task<RefreshOutcome> WithoutRefreshTokenAsync(Connection row, Provider provider, bool forced, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (!forced)
        {
            return now < row.ExpiresAt
                ? new RefreshOutcome.Current(row)
                : await record.NeedsOwnerAsync(row, provider, fence: null, $"Access to {provider.Name} ran out and cannot be renewed without you. Reconnect to go on.", cancellationToken);
        }

        // A server's word alone ends nobody's connection: the provider is asked, once a minute.
        var refused = new RefreshOutcome.Unavailable($"The server refused the token, although {provider.Name} has not withdrawn it.");
        if (_asked.TryGetValue(row.Id, out var last) && now - last < ForcedAtMostEvery)
        {
            return refused;
        }

        _asked[row.Id] = now;
        using var token = await vault.UnprotectAsync(Bindings.AccessToken(row), row.AccessToken!, cancellationToken);
        return await client.WhoAsync(await providers.OpenAsync(provider, cancellationToken), new TokenSet { AccessToken = token.Reveal() }, cancellationToken) is AccountAnswer.TokenRefused
            ? await record.NeedsOwnerAsync(row, provider, fence: null, Withdrawn(provider), cancellationToken)
            : refused;
    }

    private async Task<RefreshOutcome> AttemptAsync(Connection row, Provider provider, long fence, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var kept = leases.KeepAsync(row, fence, stop.Token);
        try
        {
            using var refreshToken = await vault.UnprotectAsync(Bindings.RefreshToken(row), row.RefreshToken!, cancellationToken);
            var token = refreshToken.Reveal();
            var app = await providers.OpenAsync(provider, cancellationToken);
            var wasInDoubt = row.AttemptStartedAt is not null;
            if (wasInDoubt)
            {
                RefreshMetrics.CountInDoubt(provider);
            }

            var answer = await client.RefreshAsync(app, token, cancellationToken);
            if (answer is TokenAnswer.Unavailable { InDoubt: true } && !wasInDoubt)
            {
                // Exactly one retry, with the token that is stored now: a provider with a grace window answers it.
                RefreshMetrics.CountInDoubt(provider);
                answer = await client.RefreshAsync(app, token, cancellationToken);
            }

            return await ConcludeAsync(row, provider, fence, token, answer, cancellationToken);
        }
        catch (UndecryptableException e)
        {
            Log.Undecryptable(logger, e.Message);
            return await record.NeedsOwnerAsync(row, provider, fence, "The stored access can no longer be read. Reconnect to go on.", cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await kept;
            cache.Forget(UserId.From(row.OwnerId));
        }
    }

    private async Task<RefreshOutcome> ConcludeAsync(Connection row, Provider provider, long fence, string token, TokenAnswer answer, CancellationToken cancellationToken)
    {
        RefreshMetrics.Count(provider, answer);
        switch (answer)
        {
            case TokenAnswer.Tokens(var tokens):
                if (!await saver.SaveAsync(row, fence, tokens, token, cancellationToken))
                {
                    return await LostAsync(row, tokens, cancellationToken);
                }

                await breaker.CloseAsync(provider, cancellationToken);
                return await NowAsync(row, cancellationToken);
            case TokenAnswer.GrantRefused:
                return await record.NeedsOwnerAsync(row, provider, fence, Withdrawn(provider), cancellationToken);
            case TokenAnswer.AppRefused(var code):
                await breaker.OpenAsync(provider, code, cancellationToken);
                await record.ReleaseAsync(row, fence, cancellationToken);
                return Down(provider);
            case TokenAnswer.Unavailable unavailable:
                await record.FailedAsync(row, fence, $"{provider.Name} could not renew access. {unavailable.Why}", unavailable, cancellationToken);
                return Down(provider);
            default:
                throw new InvalidOperationException("Unknown answer.");
        }
    }

    /// <summary>The owner disconnected or reconnected while the provider answered: nobody may use these tokens.</summary>
    private async Task<RefreshOutcome> LostAsync(Connection row, TokenSet tokens, CancellationToken cancellationToken)
    {
        var current = await ReadAsync(row.Id, cancellationToken);
        var reach = current?.Status is ConnectionStatus.Connected or ConnectionStatus.ReauthRequired ? RevocationReach.Tokens : RevocationReach.Grant;
        var order = await revocations.PrepareAsync(row, tokens, reach, generation: null, cancellationToken);
        await using (var scope = await database.ForSystemAsync(cancellationToken))
        {
            scope.Db.Outbox.Add(order);
            await scope.CommitAsync(cancellationToken);
        }

        await revocations.TryAsync(order.Id, cancellationToken);
        return await NowAsync(row, cancellationToken);
    }

    private async Task<RefreshOutcome> NowAsync(Connection row, CancellationToken cancellationToken) =>
        await ReadAsync(row.Id, cancellationToken) switch
        {
            { Status: ConnectionStatus.Connected } current => new RefreshOutcome.Current(current),
            { Status: ConnectionStatus.ReauthRequired } => new RefreshOutcome.NeedsOwner(),
            _ => new RefreshOutcome.Gone(),
        };

    private async Task<Connection?> ReadAsync(ConnectionId id, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        return await scope.Db.Connections.AsNoTracking().SingleOrDefaultAsync(c => c.Id == id, cancellationToken);
    }

    private static RefreshOutcome.Unavailable Down(Provider provider) =>
        new($"{provider.Name} cannot renew access at the moment. Nothing is lost; the portal goes on trying.");

    private static string Withdrawn(Provider provider) => $"{provider.Name} no longer accepts this connection: access was withdrawn there or ran out. Reconnect to go on.";

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A refresh token cannot be read. {Reason}")]
        public static partial void Undecryptable(ILogger logger, string reason);
    }
}
