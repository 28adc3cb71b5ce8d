using System.Text;
using System.Text.Json;
using McpPortal.Accounts.Jwt;
using McpPortal.Outbound;

namespace McpPortal.Clients.Issuers;

/// <summary>One configured issuer with its keys.</summary>
internal sealed class ExternalIssuer : IDisposable
{
    private readonly IssuerSettings _settings;
    private readonly JwtRules _rules;
    private readonly JwtVerifier _verifier;
    private readonly IJwtKeySource _keys;

    public ExternalIssuer(IssuerSettings settings, JwtVerifier verifier, OutboundGuard guard, bool development, TimeProvider time, ILogger logger)
    {
        (_settings, _rules, _verifier) = (settings, settings.Rules(), verifier);
        _keys = settings.Secret.Length > 0
            ? new SharedSecretKey(Encoding.UTF8.GetBytes(settings.Secret))
            : new JwksCache(new IssuerKeySet(settings, guard, development, logger).FetchAsync, time);
    }

    public string Name => _settings.Issuer;

    /// <returns>What the token says, or the reason why it is not taken, which holds nothing of it.</returns>
    public async ValueTask<(IssuerToken? Token, string? Problem)> ReadAsync(string text, CancellationToken cancellationToken)
    {
        var result = await _verifier.VerifyAsync(text, _rules, _keys, cancellationToken);
        return result is not JwtResult.Valid { Claims: var claims } ? (null, ((JwtResult.Refused)result).Reason)
            : Problem(claims) is { } problem ? (null, problem)
            : (Read(claims), null);
    }

    public void Dispose() => (_keys as IDisposable)?.Dispose();

    private static string? Problem(JsonElement claims)
    {
        if (claims.Text("sub") is not { Length: > 0 and <= 255 })
        {
            return "it names no subject";
        }

        // OpenID Connect Core §2 and §3.3.2.11: what tells who signed in somewhere is no permission to call.
        if (Has("nonce") || Has("at_hash") || Has("c_hash"))
        {
            return "it is an ID token";
        }

        if (Has("events"))
        {
            return "it is a message about something that happened";
        }

        // RFC 7800: good only together with a key, of which a bearer token is no proof.
        return Has("cnf") ? "it is bound to a key" : null;

        bool Has(string name) => claims.TryGetProperty(name, out _);
    }

    private IssuerToken Read(JsonElement claims)
    {
        var scopes = claims.Texts(_settings.ScopeClaim).SelectMany(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToHashSet(StringComparer.Ordinal);
        var any = _settings.ScopeClaim.Length == 0;
        return new IssuerToken(
            _settings.Issuer, claims.Text("sub")!, any || scopes.Contains(_settings.ReadScope), any || scopes.Contains(_settings.CallScope),
            DateTimeOffset.FromUnixTimeSeconds((long)claims.GetProperty("exp").GetDouble()));
    }
}
