namespace McpPortal.Sandbox.State;

/// <summary>One browser in which a person is signed in at the sandbox, and the clients that were told about it.</summary>
internal sealed class SignedIn
{
    /// <summary>The <c>sid</c> claim.</summary>
    public required string Id { get; init; }

    public required string Person { get; init; }

    public required DateTimeOffset At { get; init; }

    public HashSet<string> Clients { get; init; } = [];
}
