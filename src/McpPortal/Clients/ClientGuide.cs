namespace McpPortal.Clients;

/// <summary>How one AI client is connected to the portal.</summary>
/// <param name="Id">For addresses within the page.</param>
/// <param name="Client">What people call it.</param>
/// <param name="Snippets">What to copy; the first is the usual way.</param>
internal sealed record ClientGuide(string Id, string Client, params IReadOnlyList<ClientSnippet> Snippets)
{
    /// <summary>Opens the client and adds the portal there. Links end in histories, so it never holds a key.</summary>
    public string? InstallLink { get; init; }

    /// <summary>How the client gets the key after the link.</summary>
    public string? InstallNote { get; init; }

    /// <summary>What else to know.</summary>
    public string? Note { get; init; }
}
