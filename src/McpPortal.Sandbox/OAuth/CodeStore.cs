using System.Collections.Concurrent;

namespace McpPortal.Sandbox.OAuth;

/// <summary>Authorization codes; one that is presented twice takes the tokens of its first use with it (RFC 6749 §4.1.2).</summary>
internal sealed class CodeStore(TimeProvider time, TokenStore tokens)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, IssuedCode> _codes = new();
    private readonly ConcurrentDictionary<string, string> _families = new();

    public DateTimeOffset Expiry() => time.GetUtcNow() + Lifetime;

    public string Add(IssuedCode code)
    {
        var value = Randoms.Token("sandbox-code-");
        _codes[value] = code;
        return value;
    }

    /// <summary>Takes the code for this client; null = unknown, used, expired, another client's, or a verifier that does not fit.</summary>
    public IssuedCode? Take(TokenRequest request, string provider)
    {
        if (request.Code is not { } value)
        {
            return null;
        }

        if (!_codes.TryRemove(value, out var code))
        {
            if (_families.TryRemove(value, out var family))
            {
                tokens.RevokeFamily(family);
            }

            return null;
        }

        var fits = code.Provider == provider
            && code.ClientId == request.ClientId
            && code.RedirectUri == request.RedirectUri
            && code.Expires > time.GetUtcNow()
            && Pkce.Fits(request.CodeVerifier, code.CodeChallenge);
        return fits ? code : null;
    }

    public void Exchanged(string code, string familyId) => _families[code] = familyId;
}
