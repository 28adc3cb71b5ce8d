using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using McpPortal.Audit;
using McpPortal.Connections.Providers;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Sends a person to a provider and takes them back: everything that must survive in between stands in the database.</summary>
internal sealed partial class ConnectFlow(
    PortalDatabase database,
    ProviderDirectory providers,
    OAuthClient client,
    SecretVault vault,
    GrantWriter grants,
    AuditLog audit,
    TimeProvider time,
    ILogger<ConnectFlow> logger)
{
    private const string NotBegun = "This answer belongs to no connect that you began here in the last ten minutes. Start again from your connections.";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public static string CallbackPath(string provider) => $"/connect/{provider}/callback";

    public async Task<ConnectStart> BeginAsync(ConnectRequest request, CancellationToken cancellationToken)
    {
        if (await providers.FindAsync(request.Provider, cancellationToken) is not { } provider)
        {
            return new ConnectStart.NotFound();
        }

        if (request.Targets.Any(target => target.Server.Destination != target.ShownDestination || target.Need.Provider != provider.Slug))
        {
            return new ConnectStart.DestinationMoved();
        }

        var renewed = request.Reconnect is { } id ? await FindAsync(request.User, provider.Id, id, cancellationToken) : null;
        if (request.Reconnect is not null && renewed is null)
        {
            return new ConnectStart.NotFound();
        }

        var state = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var redirectUri = new Uri(request.Portal, CallbackPath(provider.Slug)).AbsoluteUri;
        IReadOnlyList<string> scopes = [.. provider.Scopes.Concat(request.Targets.SelectMany(t => t.Need.Scopes)).Concat(renewed?.Scopes ?? []).Distinct(StringComparer.Ordinal)];
        var (address, verifier) = client.Authorize(await providers.OpenAsync(provider, cancellationToken), new AuthorizeRequest
        {
            RedirectUri = redirectUri,
            State = state,
            Scopes = scopes,
            LoginHint = renewed?.Account,
            ChooseAccount = renewed is null,
        });
        var now = time.GetUtcNow();
        var pendingId = PendingConnectId.New();
        var pending = new PendingConnect
        {
            Id = pendingId,
            StateHash = Hash(state),
            UserId = request.User,
            SignInSessionId = request.SignIn,
            ProviderId = provider.Id,
            Verifier = await vault.ProtectAsync(Bindings.Verifier(pendingId, request.User), verifier, cancellationToken),
            RedirectUri = redirectUri,
            ReturnPath = ReturnPaths.Local(request.ReturnPath),
            Scopes = scopes,
            Reconnect = request.Reconnect,
            Label = string.IsNullOrWhiteSpace(request.Label) ? null : request.Label.Trim(),
            Agreed = [.. request.Targets.Select(t => new AgreedDestination(t.Server.Id, t.Need.Name, t.ShownDestination))],
            CreatedAt = now,
            ExpiresAt = now + Lifetime,
        };
        await using var scope = await database.ForUserAsync(request.User, cancellationToken);
        await scope.Db.PendingConnects.Where(p => p.UserId == request.User && p.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        scope.Db.PendingConnects.Add(pending);
        audit.Record(scope, AuditAction.ConnectStarted, Actor.Page(request.User), "provider", provider.Id.ToString(), details: [("provider", provider.Slug)]);
        await scope.CommitAsync(cancellationToken);
        return new ConnectStart.Redirect(address);
    }

    /// <summary>All checks that need no provider come before the first request to it.</summary>
    public async Task<ConnectResult> CompleteAsync(ConnectReturn answer, CancellationToken cancellationToken)
    {
        var pending = answer.State is { Length: > 0 and <= 200 } state ? await TakeAsync(answer.User, Hash(state), cancellationToken) : null;
        if (pending is null
            || pending.SignInSessionId != answer.SignIn
            || pending.ExpiresAt <= time.GetUtcNow()
            || await providers.FindAsync(answer.Provider, cancellationToken) is not { } provider
            || provider.Id != pending.ProviderId
            || (answer.Issuer is not null && provider.Issuer is not null && answer.Issuer != provider.Issuer))
        {
            // One sentence for all of them: which check failed is nobody's business who cannot pass it.
            return new ConnectResult.Refused(NotBegun);
        }

        if (answer.Error is not null)
        {
            return answer.Error == "access_denied"
                ? new ConnectResult.Cancelled(provider.Name)
                : new ConnectResult.Failed($"{provider.Name} did not let the connect go on. Nothing was stored. Try again, and if it stays, tell your administrator.");
        }

        return answer.Code is { Length: > 0 and <= 4096 } code
            ? await ExchangeAsync(answer.User, provider, pending, code)
            : new ConnectResult.Refused(NotBegun);
    }

    private static byte[] Hash(string state) => SHA256.HashData(Encoding.UTF8.GetBytes(state));

    /// <summary>Not ended by a closed tab: from the exchange on tokens exist and belong into the database, or have to be revoked.</summary>
    private async Task<ConnectResult> ExchangeAsync(UserId user, Provider provider, PendingConnect pending, string code)
    {
        var cancellationToken = CancellationToken.None;
        var app = await providers.OpenAsync(provider, cancellationToken);
        using var verifier = await vault.UnprotectAsync(Bindings.Verifier(pending.Id, user), pending.Verifier, cancellationToken);
        switch (await client.ExchangeAsync(app, code, verifier.Reveal(), pending.RedirectUri, cancellationToken))
        {
            case TokenAnswer.Tokens(var tokens):
                return await StoreAsync(user, app, provider, pending, tokens);
            case TokenAnswer.GrantRefused:
                return new ConnectResult.Failed($"{provider.Name} did not accept its own code any more. Nothing was stored. Start again from your connections.");
            case TokenAnswer.AppRefused(var reason):
                Log.AppRefused(logger, provider.Slug, reason);
                return new ConnectResult.Failed($"{provider.Name} refused this portal itself, not you. Your administrator has to check the portal's app there.");
            case TokenAnswer.Unavailable(var why, _, _):
                return new ConnectResult.Failed($"{provider.Name} did not hand out access. {why} Nothing was stored. Try again in a few minutes.");
            default:
                throw new InvalidOperationException("Unknown answer.");
        }
    }

    private async Task<ConnectResult> StoreAsync(UserId user, OAuthApp app, Provider provider, PendingConnect pending, TokenSet tokens)
    {
        var cancellationToken = CancellationToken.None;
        try
        {
            if (await client.WhoAsync(app, tokens, cancellationToken) is not AccountAnswer.Known(var account))
            {
                await client.RevokeAsync(app, tokens, RevocationReach.Tokens, cancellationToken);
                return new ConnectResult.Failed($"{provider.Name} did not say whose account this is. Nothing was stored. Try again in a few minutes.");
            }

            var wanted = pending.Reconnect is { } id ? await FindAsync(user, provider.Id, id, cancellationToken) : null;
            var other = wanted is not null && wanted.AccountId != account.Id;
            var grant = new Grant
            {
                User = user,
                Provider = provider,
                Account = account,
                Tokens = tokens,
                AskedScopes = pending.Scopes,
                Agreed = pending.Agreed,
                Label = other ? null : pending.Label,
            };
            var connection = await grants.SaveAsync(grant, link: !other, cancellationToken);
            return other
                ? new ConnectResult.OtherAccount(wanted!.Id, connection, provider.Slug)
                : new ConnectResult.Connected(connection, provider.Slug, account.Name, pending.ReturnPath);
        }
        catch
        {
            await client.RevokeAsync(app, tokens, RevocationReach.Tokens, cancellationToken);
            throw;
        }
    }

    /// <summary>Takes the row away for good, whatever the checks that follow say: a state is used once.</summary>
    private async Task<PendingConnect?> TakeAsync(UserId user, byte[] stateHash, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var pending = await scope.Db.PendingConnects.AsNoTracking().SingleOrDefaultAsync(p => p.UserId == user && p.StateHash == stateHash, cancellationToken);
        if (pending is null)
        {
            return null;
        }

        // Of two callbacks at once exactly one deletes the row.
        var taken = await scope.Db.PendingConnects.Where(p => p.Id == pending.Id && p.UserId == user).ExecuteDeleteAsync(cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return taken == 1 ? pending : null;
    }

    private async Task<Connection?> FindAsync(UserId user, ProviderId provider, ConnectionId id, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        return await scope.Db.Connections.AsNoTracking()
            .SingleOrDefaultAsync(c => c.Id == id && c.OwnerKind == OwnerKind.User && c.OwnerId == user.Value && c.ProviderId == provider, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The provider {Provider} refused the portal's app ({Reason}); check its client id, secret and redirect address.")]
        public static partial void AppRefused(ILogger logger, string provider, string reason);
    }
}
