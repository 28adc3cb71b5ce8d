using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.OAuth;

/// <summary>Access and refresh tokens of all three providers, kept as hashes in families.</summary>
internal sealed class TokenStore(SandboxStore store, SandboxStats stats, TimeProvider time)
{
    /// <summary>From here on the expired ones are swept out, so that a soak with tokens of seconds stays small.</summary>
    private const int MaxAccessTokens = 20_000;

    public IssuedTokens Issue(IssuedCode code, TokenRules rules) => store.Change(state =>
    {
        var family = new TokenFamily
        {
            Id = Randoms.Id(),
            Provider = code.Provider,
            Account = code.Account,
            ClientId = code.ClientId,
            Scopes = code.Scopes,
            SessionId = code.SessionId,
        };
        state.Families[family.Id] = family;
        stats.Account(Name(family), "codes");
        return Mint(state, family, rules, code.WithRefreshToken);
    });

    /// <summary>Null = the refresh token is unknown, another client's, expired, retired or revoked (<c>invalid_grant</c>).</summary>
    public IssuedTokens? Refresh(TokenRequest request, string provider, TokenRules rules) => store.Change(state =>
    {
        if (request.RefreshToken is not { } token
            || !state.RefreshTokens.TryGetValue(Randoms.Hash(token), out var record)
            || !state.Families.TryGetValue(record.FamilyId, out var family)
            || family.Provider != provider
            || family.ClientId != request.ClientId)
        {
            return null;
        }

        stats.Account(Name(family), "refreshes");
        var now = time.GetUtcNow();
        var retired = record.Used is { } used && now >= used + rules.Grace;
        if (retired && rules.DetectReuse)
        {
            End(family, byReuse: true);
        }

        if (retired || family.Revoked || record.Expires <= now)
        {
            stats.Account(Name(family), "refused");
            return null;
        }

        if (rules.Rotate)
        {
            record.Used ??= now;
        }

        return Mint(state, family, rules, rules.Rotate);
    });

    /// <summary>The family of a live access token; null when it is unknown, expired or revoked.</summary>
    public TokenFamily? Find(string provider, string? accessToken) => store.Read(state =>
        accessToken is not null
        && state.AccessTokens.TryGetValue(Randoms.Hash(accessToken), out var record)
        && record.Expires > time.GetUtcNow()
        && state.Families.TryGetValue(record.FamilyId, out var family)
        && family.Provider == provider
        && !family.Revoked
            ? family
            : null);

    /// <summary>Whose access token this is, at any provider; null when none of them issued it.</summary>
    public KnownToken? Inspect(string accessToken) => store.Read(state =>
        state.AccessTokens.TryGetValue(Randoms.Hash(accessToken), out var record) && state.Families.TryGetValue(record.FamilyId, out var family)
            ? new KnownToken(Name(family), !family.Revoked && record.Expires > time.GetUtcNow())
            : null);

    /// <summary>Ends the family of an access or refresh token, expired or not; false when there is no such live family.</summary>
    public bool Revoke(string provider, string? token) => store.Change(state =>
    {
        var hash = Randoms.Hash(token ?? "");
        var id = state.AccessTokens.GetValueOrDefault(hash)?.FamilyId ?? state.RefreshTokens.GetValueOrDefault(hash)?.FamilyId;
        if (id is null || !state.Families.TryGetValue(id, out var family) || family.Provider != provider)
        {
            return false;
        }

        stats.Account(Name(family), "revocations");
        return End(family, byReuse: false);
    });

    public void RevokeFamily(string id) => store.Change(state => state.Families.TryGetValue(id, out var family) && End(family, byReuse: false));

    /// <summary>Ends what a person agreed to before for the same application, as a provider does when its grant is deleted.</summary>
    public int RevokeAll(string provider, string account) => store.Change(state =>
        state.Families.Values.Count(family => family.Provider == provider && family.Account == account && End(family, byReuse: false)));

    public bool HasRefreshToken(string provider, string account, string clientId) => store.Read(state =>
        state.RefreshTokens.Values.Any(record =>
            record.Used is null
            && state.Families.TryGetValue(record.FamilyId, out var family)
            && !family.Revoked
            && family.Provider == provider
            && family.Account == account
            && family.ClientId == clientId));

    /// <summary>Makes access tokens expire now; null means all providers, or all accounts.</summary>
    public int Expire(string? provider, string? account) => store.Change(state =>
    {
        var now = time.GetUtcNow();
        var count = 0;
        foreach (var record in state.AccessTokens.Values)
        {
            var family = state.Families[record.FamilyId];
            if ((provider is null || family.Provider == provider) && (account is null || family.Account == account) && record.Expires > now)
            {
                record.Expires = now;
                count++;
            }
        }

        return count;
    });

    public IReadOnlyDictionary<string, int> LiveFamilies() => store.Read(state =>
        state.Families.Values.Where(family => !family.Revoked).GroupBy(Name).ToDictionary(group => group.Key, group => group.Count()));

    private static string Name(TokenFamily family) => $"{family.Provider}:{family.Account}";

    private IssuedTokens Mint(SandboxState state, TokenFamily family, TokenRules rules, bool withRefreshToken)
    {
        var now = time.GetUtcNow();
        if (state.AccessTokens.Count >= MaxAccessTokens)
        {
            foreach (var expired in state.AccessTokens.Where(pair => pair.Value.Expires <= now).Select(pair => pair.Key).ToList())
            {
                state.AccessTokens.Remove(expired);
            }
        }

        var access = Randoms.Token(rules.AccessPrefix);
        state.AccessTokens[Randoms.Hash(access)] = new() { FamilyId = family.Id, Expires = now + rules.AccessLifetime };
        if (!withRefreshToken)
        {
            return new IssuedTokens(family, access, rules.AccessLifetime, null, null);
        }

        var refresh = Randoms.Token(rules.RefreshPrefix);
        state.RefreshTokens[Randoms.Hash(refresh)] = new() { FamilyId = family.Id, Expires = now + rules.RefreshLifetime };
        return new IssuedTokens(family, access, rules.AccessLifetime, refresh, rules.RefreshLifetime);
    }

    private bool End(TokenFamily family, bool byReuse)
    {
        if (family.Revoked)
        {
            return false;
        }

        family.Revoked = true;
        stats.FamilyRevoked(byReuse);
        return true;
    }
}
