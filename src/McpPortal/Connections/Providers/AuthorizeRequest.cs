namespace McpPortal.Connections.Providers;

/// <summary>What a person is sent to the provider with.</summary>
internal sealed record AuthorizeRequest
{
    public required string RedirectUri { get; init; }

    public required string State { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The account to renew, so that the provider offers it first.</summary>
    public string? LoginHint { get; init; }

    /// <summary>Ask which account, even if only one is signed in.</summary>
    public bool ChooseAccount { get; init; }

    public override string ToString() => RedirectUri;
}
