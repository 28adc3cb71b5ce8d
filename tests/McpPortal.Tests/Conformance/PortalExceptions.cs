namespace McpPortal.Tests.Conformance;

/// <summary>The scenarios that fail through the portal, and why each may.</summary>
internal static class PortalExceptions
{
    private const string ToolsOnly = "the portal passes on tools and nothing else";
    private const string Questions = "the portal does not pass on what a server asks of its caller";
    private const string Logs = "the portal does not pass on log lines";
    private const string ErrorData = "the portal passes on the message of a server's error without its data";
    private const string ParamHeaders = "the portal does not compare Mcp-Param headers with the arguments that they repeat";
    private const string Events = "the portal keeps no events, so nobody can come back to a stream";

    private static readonly string[] Sessions = ["0.1", "2025-11-25"];
    private static readonly string[] PerRequest = ["2026-07-28"];
    private static readonly string[] All = [.. Sessions, .. PerRequest];

    private static readonly (string Reason, string[] Suites, string[] Scenarios)[] Listed =
    [
        (ToolsOnly, All, ["completion-complete"]),
        (ToolsOnly, All, ["prompts-list", "prompts-get-simple", "prompts-get-with-args", "prompts-get-embedded-resource", "prompts-get-with-image"]),
        (ToolsOnly, All, ["resources-list", "resources-read-text", "resources-read-binary", "resources-templates-read"]),
        (ToolsOnly, Sessions, ["resources-subscribe", "resources-unsubscribe"]),
        (ToolsOnly, PerRequest, ["sep-2164-resource-not-found", "caching", "input-required-result-non-tool-request"]),
        (Questions, Sessions, ["tools-call-sampling", "tools-call-elicitation", "elicitation-sep1034-defaults", "elicitation-sep1330-enums"]),
        (Questions, PerRequest, ["input-required-result-basic-elicitation", "input-required-result-basic-sampling", "input-required-result-basic-list-roots"]),
        (Questions, PerRequest, ["input-required-result-request-state", "input-required-result-tampered-state", "input-required-result-multi-round"]),
        (Questions, PerRequest, ["input-required-result-multiple-input-requests", "input-required-result-missing-input-response", "input-required-result-validate-input"]),
        (Questions, PerRequest, ["input-required-result-result-type", "input-required-result-capability-check"]),
        (Logs, Sessions, ["tools-call-with-logging"]),
        (ErrorData, PerRequest, ["server-stateless"]),
        (ParamHeaders, PerRequest, ["http-custom-header-server-validation"]),
        (Events, Sessions, ["server-sse-polling"]),
    ];

    public static IReadOnlyDictionary<string, string> Of(string suite) =>
        Listed.Where(group => group.Suites.Contains(suite, StringComparer.Ordinal))
            .SelectMany(group => group.Scenarios.Select(scenario => KeyValuePair.Create(scenario, group.Reason)))
            .Concat(UnscoredScenarios.Of(suite))
            .ToDictionary(StringComparer.Ordinal);
}
