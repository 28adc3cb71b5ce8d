namespace McpPortal.Connections.Providers;

/// <summary>What a token endpoint's answer means for the grant, whatever form the answer had.</summary>
internal abstract record TokenAnswer
{
    private TokenAnswer()
    {
    }

    internal sealed record Tokens(TokenSet Set) : TokenAnswer;

    /// <summary>The grant itself is dead (<c>invalid_grant</c>): only its owner can help.</summary>
    internal sealed record GrantRefused : TokenAnswer;

    /// <summary>The app was refused (<c>invalid_client</c>): an administrator must act, nobody's grant is at fault.</summary>
    internal sealed record AppRefused(string Code) : TokenAnswer;

    /// <summary>No usable answer: nothing is known about the grant.</summary>
    /// <param name="Why">A sentence without text of the provider's.</param>
    /// <param name="RetryAfter">What the provider asked for.</param>
    /// <param name="InDoubt">The request was sent and may have been carried out.</param>
    internal sealed record Unavailable(string Why, TimeSpan? RetryAfter, bool InDoubt) : TokenAnswer;
}
