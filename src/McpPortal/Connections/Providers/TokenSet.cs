using System.Diagnostics;

namespace McpPortal.Connections.Providers;

/// <summary>Tokens as a provider answered them, in plain text until they are encrypted. Prints nothing of itself.</summary>
[DebuggerDisplay("***")]
internal sealed class TokenSet
{
    public required string AccessToken { get; init; }

    /// <summary>Null when the provider sent none: the one in hand stays valid.</summary>
    public string? RefreshToken { get; init; }

    public string? IdToken { get; init; }

    /// <summary>Lifetime of the access token; null when the provider did not say.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    public TimeSpan? RefreshExpiresIn { get; init; }

    /// <summary>Scopes granted; null when the provider did not say, which means as asked (RFC 6749 §5.1).</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    public override string ToString() => "***";
}
