namespace McpPortal.Sandbox.State;

/// <summary>A message as it came over the wire (RFC 5322), with what Gmail keeps about it.</summary>
internal sealed class StoredMail
{
    public required string Id { get; init; }

    public required string ThreadId { get; init; }

    public required string Raw { get; init; }

    public required DateTimeOffset Received { get; init; }

    public required IReadOnlyList<string> Labels { get; init; }
}
