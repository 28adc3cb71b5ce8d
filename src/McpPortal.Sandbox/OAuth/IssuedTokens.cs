using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.OAuth;

/// <summary>Tokens in plain text, on their way into the one answer that carries them.</summary>
internal sealed record IssuedTokens(TokenFamily Family, string AccessToken, TimeSpan AccessLifetime, string? RefreshToken, TimeSpan? RefreshLifetime)
{
    public int ExpiresIn => (int)AccessLifetime.TotalSeconds;

    public override string ToString() => "***";
}
