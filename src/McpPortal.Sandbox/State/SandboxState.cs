namespace McpPortal.Sandbox.State;

/// <summary>All that outlives a request; written to one file when <c>Sandbox:DataDir</c> is set.</summary>
internal sealed class SandboxState
{
    public List<SigningKeyRecord> Keys { get; init; } = [];

    /// <summary>By the hash of the cookie.</summary>
    public Dictionary<string, SignedIn> Sessions { get; init; } = [];

    public Dictionary<string, TokenFamily> Families { get; init; } = [];

    /// <summary>By the hash of the token.</summary>
    public Dictionary<string, AccessTokenRecord> AccessTokens { get; init; } = [];

    /// <summary>By the hash of the token.</summary>
    public Dictionary<string, RefreshTokenRecord> RefreshTokens { get; init; } = [];

    /// <summary>By account.</summary>
    public Dictionary<string, Mailbox> Mailboxes { get; init; } = [];

    /// <summary>By <c>owner/name</c>.</summary>
    public Dictionary<string, Repository> Repositories { get; init; } = [];
}
