namespace McpPortal.Clients.OAuth;

/// <summary>A pair of tokens for a client, the only time they are readable.</summary>
internal sealed record IssuedTokens(string Access, string Refresh, TimeSpan ExpiresIn, IReadOnlyList<string> Scopes)
{
    public override string ToString() => "***";
}
