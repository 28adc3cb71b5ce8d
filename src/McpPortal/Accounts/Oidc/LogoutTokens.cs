using System.Collections.Concurrent;
using System.Text.Json;
using McpPortal.Accounts.Jwt;

namespace McpPortal.Accounts.Oidc;

/// <summary>Whose sessions a provider asks to end: one session, or all of a subject; only those begun before it asked.</summary>
internal sealed record LogoutRequest(string Issuer, string? Subject, string? SessionId, DateTimeOffset IssuedAt);

/// <summary>Verifies logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6).</summary>
internal sealed class LogoutTokens(OidcProvider provider, JwtVerifier verifier, TimeProvider clock)
{
    private const string LogoutEvent = "http://schemas.openid.net/event/backchannel-logout";
    private const int MaxRemembered = 100_000;
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);

    /// <returns>The request, or the reason why the token is none.</returns>
    public async ValueTask<(LogoutRequest? Request, string? Problem)> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        if (await provider.MetadataAsync(cancellationToken) is not { } metadata)
        {
            return (null, "the provider's keys are not known");
        }

        // Providers write typ logout+jwt, JWT, or nothing; the events claim tells it from an ID token.
        var result = await verifier.VerifyAsync(token, provider.Rules(metadata, "logout+jwt", "JWT"), provider.Keys, cancellationToken);
        if (result is not JwtResult.Valid { Claims: var claims })
        {
            return (null, ((JwtResult.Refused)result).Reason);
        }

        if (Problem(claims) is { } problem)
        {
            return (null, problem);
        }

        var id = $"{claims.Text("iss")}\n{claims.Text("jti")}";
        return Remember(id)
            ? (new LogoutRequest(claims.Text("iss")!, claims.Text("sub"), claims.Text("sid"), DateTimeOffset.FromUnixTimeSeconds((long)claims.GetProperty("iat").GetDouble())), null)
            : (null, "it was used before");
    }

    private string? Problem(JsonElement claims)
    {
        if (!claims.TryGetProperty("events", out var events) || events.ValueKind != JsonValueKind.Object
            || !events.TryGetProperty(LogoutEvent, out var body) || body.ValueKind != JsonValueKind.Object)
        {
            return "it is not about a logout";
        }

        if (claims.TryGetProperty("nonce", out _))
        {
            return "it carries a nonce, as an ID token does";
        }

        if (!Usable(claims, "sub") || !Usable(claims, "sid") || (claims.Text("sub") is null && claims.Text("sid") is null))
        {
            return "it names neither a subject nor a session";
        }

        if (claims.Text("jti") is not { Length: > 0 and <= 255 })
        {
            return "it has no id";
        }

        var oldest = (clock.GetUtcNow() - MaxAge).ToUnixTimeSeconds();
        return !claims.TryGetProperty("iat", out var issued) || issued.GetDouble() < oldest ? "it is too old" : null;
    }

    private static bool Usable(JsonElement claims, string name) =>
        !claims.TryGetProperty(name, out _) || claims.Text(name) is { Length: > 0 and <= 255 };

    /// <summary>Remembers ids longer than a token can be valid; when full, new tokens are refused rather than old ones forgotten.</summary>
    private bool Remember(string id)
    {
        var now = clock.GetUtcNow();
        if (_seen.Count > 1000)
        {
            foreach (var (old, until) in _seen)
            {
                if (until < now)
                {
                    _seen.TryRemove(old, out _);
                }
            }
        }

        return _seen.Count < MaxRemembered && _seen.TryAdd(id, now + MaxAge + TimeSpan.FromMinutes(2));
    }
}
