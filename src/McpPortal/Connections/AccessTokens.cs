using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Vault;

namespace McpPortal.Connections;

/// <summary>Hands out the access token that a server may get for one person: from memory while it is good, renewed before it ends.</summary>
internal sealed class AccessTokens(GrantCache cache, RefreshGate gate, ProviderDirectory providers, ConnectionUse use, SecretVault vault, TimeProvider time)
{
    public async ValueTask<TokenResult> GetAsync(UserId user, ServerSnapshot server, CredentialNeed need, CancellationToken cancellationToken)
    {
        var grants = await cache.GetAsync(user, cancellationToken);
        var (row, problem) = await ResolveAsync(grants, server, need, cancellationToken);
        return row is null ? problem! : await ServeAsync(row, server, need, cancellationToken);
    }

    /// <summary>
    /// The server refused the token of this generation (401). Answers with a newer one if there is one, otherwise renews it, at most
    /// once a minute per connection however many callers there are.
    /// </summary>
    public async Task<TokenResult> RejectedAsync(UserId user, ServerSnapshot server, CredentialNeed need, long rejectedGeneration, CancellationToken cancellationToken)
    {
        cache.Forget(user);
        var (row, problem) = await ResolveAsync(await cache.GetAsync(user, cancellationToken), server, need, cancellationToken);
        if (row is null)
        {
            return problem!;
        }

        // This row and no second look: loads overlap, and what is in memory by now may be one that read before the renewal.
        return row.Generation > rejectedGeneration
            ? await ServeAsync(row, server, need, cancellationToken)
            : await AfterAsync(await gate.RenewAsync(row.Id, rejectedGeneration, forced: true, cancellationToken), row, server, need, serveOld: false, cancellationToken);
    }

    /// <summary>Decrypts for injection into one upstream and one call.</summary>
    public ValueTask<Plaintext> RevealAsync(TokenResult.Token token, CancellationToken cancellationToken) => vault.UnprotectAsync(token.Binding, token.Ciphertext, cancellationToken);

    private async ValueTask<TokenResult> ServeAsync(Connection row, ServerSnapshot server, CredentialNeed need, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var valid = row.ExpiresAt is null || now < row.ExpiresAt;

        // Until it truly ends, a token that cannot be renewed at the moment is served without asking again.
        return !row.IsDue(now) || (valid && (row.RefreshToken is null || row.NextAttemptAt > now))
            ? Token(row)
            : await AfterAsync(await gate.RenewAsync(row.Id, row.Generation, forced: false, cancellationToken), row, server, need, valid, cancellationToken);
    }

    private async ValueTask<(Connection? Row, TokenResult? Problem)> ResolveAsync(UserGrants grants, ServerSnapshot server, CredentialNeed need, CancellationToken cancellationToken)
    {
        if (need.Provider is null || await providers.FindAsync(need.Provider, cancellationToken) is not { } provider)
        {
            return (null, new TokenResult.NeedsConnection(
                need.Provider ?? "", ReturnPaths.Default, $"{server.Name} needs a connection to '{need.Provider}', which this portal does not offer. Ask your administrator."));
        }

        var link = grants.Link(server.Id, need.Name);
        var row = link is null ? null : grants.Connection(link.ConnectionId);
        if (link is null || row is null || row.ProviderId != provider.Id || row.Status is ConnectionStatus.Revoked or ConnectionStatus.Revoking)
        {
            return (null, new TokenResult.NeedsConnection(provider.Name, ConnectPaths.Connect(provider.Slug, server.Slug), $"{server.Name} has no access to {provider.Name} in your name yet. Connect {provider.Name} first."));
        }

        if (link.Destination != server.Destination)
        {
            return (null, new TokenResult.NeedsConfirmation(
                link.Destination, server.Destination, ConnectPaths.Confirm(server.Slug), $"{server.Name} moved to {server.Destination}. Confirm that your {provider.Name} access may be sent there."));
        }

        return row.Status == ConnectionStatus.Connected ? (row, null) : (null, Reconnect(row, provider, server));
    }

    private async ValueTask<TokenResult> AfterAsync(RefreshOutcome outcome, Connection row, ServerSnapshot server, CredentialNeed need, bool serveOld, CancellationToken cancellationToken)
    {
        switch (outcome)
        {
            // The account of a link never changes under it, but what was consented to may have: the next look decides.
            case RefreshOutcome.Current(var current) when current.AccessToken is not null:
                return Token(current);
            case RefreshOutcome.Unavailable when serveOld:
                return Token(row);
            case RefreshOutcome.Unavailable(var sentence):
                return new TokenResult.ProviderDown(sentence);
            default:
                var provider = await providers.FindAsync(need.Provider!, cancellationToken);
                return provider is null
                    ? new TokenResult.ProviderDown($"{need.Provider} is switched off in this portal.")
                    : Reconnect(row, provider, server);
        }
    }

    private TokenResult.Token Token(Connection row)
    {
        use.Mark(row.Id);
        return new(row.Id, row.Account, row.Generation, row.ConsentVersion, row.ExpiresAt, row.AccessToken!, Bindings.AccessToken(row));
    }

    private static TokenResult.NeedsConnection Reconnect(Connection row, Provider provider, ServerSnapshot server) =>
        new(provider.Name, ConnectPaths.Reconnect(provider.Slug, row.Id, server.Slug), $"{provider.Name} wants you to connect {row.Account} again before {server.Name} can use it.");
}
