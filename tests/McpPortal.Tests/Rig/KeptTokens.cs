using ModelContextProtocol.Authentication;

namespace McpPortal.Tests.Rig;

/// <summary>What the C# client keeps of its access, to be looked at.</summary>
internal sealed class KeptTokens : ITokenCache
{
    public TokenContainer? Last { get; private set; }

    public ValueTask StoreTokensAsync(TokenContainer tokens, CancellationToken cancellationToken)
    {
        Last = tokens;
        return default;
    }

    public ValueTask<TokenContainer?> GetTokensAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Last);
}
