namespace McpPortal.Sandbox.State;

internal sealed class RefreshTokenRecord
{
    public required string FamilyId { get; init; }

    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was exchanged for a successor; null while it is the current one.</summary>
    public DateTimeOffset? Used { get; set; }
}
