namespace McpPortal.Accounts;

/// <summary>Whether a verified identity may come in.</summary>
internal abstract record SignInOutcome
{
    private SignInOutcome()
    {
    }

    public sealed record Accepted(AccountState State) : SignInOutcome;

    /// <param name="Sentence">Shown to the person.</param>
    public sealed record Refused(string Sentence) : SignInOutcome;
}
