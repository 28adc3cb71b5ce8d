using System.Text.Json.Nodes;

namespace McpPortal.Calls;

/// <summary>The tools of one server for one user, or why they cannot be had.</summary>
internal abstract record ToolListOutcome
{
    private ToolListOutcome()
    {
    }

    /// <summary>Definitions as the server sent them, without arguments that the portal fills in.</summary>
    public sealed record Listed(IReadOnlyList<JsonObject> Tools, string? Account) : ToolListOutcome;

    /// <summary>The same cases as a call's.</summary>
    public sealed record Failed(CallOutcome Outcome) : ToolListOutcome;
}
