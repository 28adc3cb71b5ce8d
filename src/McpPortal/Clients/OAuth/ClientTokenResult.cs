namespace McpPortal.Clients.OAuth;

/// <summary>How a request for tokens ended.</summary>
internal abstract record ClientTokenResult
{
    private ClientTokenResult()
    {
    }

    public static Refused InvalidGrant { get; } = new("invalid_grant", "The code or token is not valid, was used already, or belongs to another client.");

    /// <summary>The same answer for what never was a code or token here.</summary>
    public static Refused Unknown { get; } = InvalidGrant with { IsGuess = true };

    public static Refused InvalidTarget { get; } = new("invalid_target", "The tokens are for another resource.");

    public sealed record Issued(IssuedTokens Tokens) : ClientTokenResult;

    /// <param name="Error">Code of RFC 6749 §5.2.</param>
    /// <param name="Description">A sentence for the client's developer.</param>
    public sealed record Refused(string Error, string Description) : ClientTokenResult
    {
        public bool IsGuess { get; init; }
    }
}
