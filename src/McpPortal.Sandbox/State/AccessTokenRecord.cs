namespace McpPortal.Sandbox.State;

internal sealed class AccessTokenRecord
{
    public required string FamilyId { get; init; }

    public required DateTimeOffset Expires { get; set; }
}
