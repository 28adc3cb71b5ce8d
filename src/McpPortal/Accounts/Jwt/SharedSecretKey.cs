namespace McpPortal.Accounts.Jwt;

/// <summary>The HS256 secret of an issuer that has no key set. Rules with a secret accept HS256 and nothing else.</summary>
internal sealed class SharedSecretKey : IJwtKeySource
{
    public const int MinimumBytes = 32;

    private readonly IReadOnlyList<JwtKey> _keys;

    public SharedSecretKey(byte[] secret)
    {
        if (secret.Length < MinimumBytes)
        {
            throw new ArgumentException($"A shared secret needs at least {MinimumBytes} bytes.", nameof(secret));
        }

        _keys = [new JwtKey.Hmac(secret)];
    }

    public ValueTask<IReadOnlyList<JwtKey>> FindAsync(string algorithm, string? keyId, CancellationToken cancellationToken) =>
        ValueTask.FromResult(algorithm == "HS256" ? _keys : []);
}
