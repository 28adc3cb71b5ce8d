namespace McpPortal.Tests.Conformance;

/// <summary>The scenarios that no revision requires and that are not served here.</summary>
internal static class UnscoredScenarios
{
    /// <summary>The Tasks extension, which only the run of the newer revision knows.</summary>
    public static IReadOnlyDictionary<string, string> Tasks { get; } = new[]
    {
        "tasks-lifecycle", "tasks-capability-negotiation", "tasks-wire-fields", "tasks-request-state-removal", "tasks-mrtr-input",
        "tasks-request-headers", "tasks-dispatch-and-envelope", "tasks-status-notifications", "tasks-required-task-error", "tasks-mrtr-composition",
    }.ToDictionary(name => name, _ => "the Tasks extension is not served", StringComparer.Ordinal);

    public static IReadOnlyDictionary<string, string> Of(string suite) => suite is "2026-07-28" ? Tasks : new Dictionary<string, string>(StringComparer.Ordinal);
}
