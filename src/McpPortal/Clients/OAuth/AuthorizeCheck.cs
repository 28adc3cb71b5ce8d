namespace McpPortal.Clients.OAuth;

/// <summary>What became of a request to <c>/authorize</c>.</summary>
internal abstract record AuthorizeCheck
{
    private AuthorizeCheck()
    {
    }

    /// <summary>The person can be asked.</summary>
    public sealed record Asked(AuthorizeRequest Request) : AuthorizeCheck;

    /// <summary>
    /// It cannot be followed. The sentence is shown, also where the redirect address is known to be the client's: anybody can register
    /// one, and a portal that sent people there unasked would lend its name to any page (RFC 9700 §4.11.2).
    /// </summary>
    /// <param name="Sentence">For the person.</param>
    /// <param name="Host">Where <paramref name="Back"/> leads.</param>
    /// <param name="Back">Address that tells the client, for the person to follow; null when it is unknown whose it would be.</param>
    public sealed record Faulty(string Sentence, string? Host = null, string? Back = null) : AuthorizeCheck;
}
