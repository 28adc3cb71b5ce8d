using McpPortal.Servers;

namespace McpPortal.Toolsets;

/// <summary>What is checked before a toolset is saved. Names keep the rules of servers' short names, reserved ones included.</summary>
internal static class ToolsetRules
{
    public const int MaxPerUser = 50;
    public const int MaxServers = 100;
    public const int MaxTools = 1000;
    public const int MaxToolName = 200;

    public static ToolsetEditResult.Invalid? Fault(ToolsetDraft draft) =>
        Refuse(nameof(draft.Name), ServerNames.SlugRefusal(draft.Name))
        ?? Refuse(nameof(draft.Description), ServerNames.DescriptionRefusal(draft.Description))
        ?? Refuse(nameof(draft.Mode), Enum.IsDefined(draft.Mode) ? null : "Choose one of the two ways.")
        ?? Refuse(nameof(draft.Servers), ServersRefusal(draft.Servers));

    private static string? ServersRefusal(IReadOnlyList<ToolsetChoice> servers) =>
        servers.Count == 0 ? "Choose at least one server."
        : servers.Count > MaxServers ? $"Choose at most {MaxServers} servers."
        : servers.DistinctBy(choice => choice.Server).Count() != servers.Count ? "A server is there twice."
        : servers.Any(choice => choice.Tools is { Count: 0 }) ? "Choose at least one tool of each server, or all of its tools."
        : servers.Any(choice => choice.Tools is { Count: > MaxTools }) ? $"Choose at most {MaxTools} tools of a server, or all of its tools."
        : servers.Any(choice => choice.Tools?.Any(tool => tool is not { Length: > 0 and <= MaxToolName }) == true) ? $"A tool's name has 1 to {MaxToolName} characters."
        : null;

    private static ToolsetEditResult.Invalid? Refuse(string field, string? sentence) => sentence is null ? null : new ToolsetEditResult.Invalid(field, sentence);
}
