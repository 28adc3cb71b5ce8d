namespace McpPortal.Connections.Providers;

/// <summary>What a provider says about the holder of an access token.</summary>
internal abstract record AccountAnswer
{
    private AccountAnswer()
    {
    }

    internal sealed record Known(ProviderAccount Account) : AccountAnswer;

    /// <summary>The provider itself does not accept the token any more.</summary>
    internal sealed record TokenRefused : AccountAnswer;

    internal sealed record Unavailable(string Why) : AccountAnswer;
}
