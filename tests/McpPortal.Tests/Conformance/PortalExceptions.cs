namespace McpPortal.Tests.Conformance;

/// <summary>The scenarios that fail through the portal, and why each may.</summary>
internal static class PortalExceptions
{
    private const string Events = "the portal keeps no events, so nobody can come back to a stream";

    private static readonly (string Reason, string[] Suites, string[] Scenarios)[] Listed =
    [
        (Events, ["0.1", "2025-11-25"], ["server-sse-polling"]),
    ];

    public static IReadOnlyDictionary<string, string> Of(string suite) =>
        Listed.Where(group => group.Suites.Contains(suite, StringComparer.Ordinal))
            .SelectMany(group => group.Scenarios.Select(scenario => KeyValuePair.Create(scenario, group.Reason)))
            .Concat(UnscoredScenarios.Of(suite))
            .ToDictionary(StringComparer.Ordinal);
}
