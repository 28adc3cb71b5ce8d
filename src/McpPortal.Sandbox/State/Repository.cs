namespace McpPortal.Sandbox.State;

internal sealed class Repository
{
    public required string Owner { get; init; }

    public required string Name { get; init; }

    public required string Description { get; init; }

    /// <summary>Seen by its owner only.</summary>
    public bool Private { get; init; }

    public List<Issue> Issues { get; init; } = [];
}
