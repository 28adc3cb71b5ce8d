namespace McpPortal.Clients.Issuers;

/// <summary>What came of a token of an external issuer.</summary>
internal abstract record IssuerVerdict
{
    private IssuerVerdict()
    {
    }

    public static IssuerVerdict Refused { get; } = new No();

    /// <summary>The token is good, and nobody here signs in as its subject.</summary>
    public static IssuerVerdict Unlinked { get; } = new Stranger();

    /// <summary>The token is good and its person known, but it allows nothing here.</summary>
    public static IssuerVerdict OutOfScope { get; } = new Powerless();

    public sealed record Accepted(IssuerHolder Holder) : IssuerVerdict;

    private sealed record No : IssuerVerdict;

    private sealed record Stranger : IssuerVerdict;

    private sealed record Powerless : IssuerVerdict;
}
