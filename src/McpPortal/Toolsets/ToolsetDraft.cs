using McpPortal.Data;

namespace McpPortal.Toolsets;

/// <summary>What a person wrote and chose for a toolset.</summary>
internal sealed record ToolsetDraft
{
    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public ToolsetMode Mode { get; init; } = ToolsetMode.List;

    public IReadOnlyList<ToolsetChoice> Servers { get; init; } = [];
}

/// <summary>A server, with all of its tools (null) or these.</summary>
internal sealed record ToolsetChoice(ServerId Server, IReadOnlyList<string>? Tools);
