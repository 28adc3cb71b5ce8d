namespace McpPortal.Sandbox.State;

/// <summary>One browser in which a person is signed in at the sandbox, and where to tell that they signed out.</summary>
internal sealed class SignedIn
{
    /// <summary>The <c>sid</c> claim.</summary>
    public required string Id { get; init; }

    public required string Person { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Addresses that take logout tokens.</summary>
    public HashSet<string> BackChannels { get; init; } = [];
}
