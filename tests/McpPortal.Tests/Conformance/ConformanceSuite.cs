namespace McpPortal.Tests.Conformance;

/// <summary>One run of one of the suites.</summary>
/// <param name="Name">How tests name it.</param>
/// <param name="Package">The folder of the npm package.</param>
/// <param name="Arguments">What chooses the scenarios.</param>
/// <param name="Scenarios">How many there are: a suite that runs fewer shows less than it seems to.</param>
internal sealed record ConformanceSuite(string Name, string Package, string[] Arguments, int Scenarios)
{
    public static IReadOnlyList<ConformanceSuite> All { get; } =
    [
        new("0.1", "conformance-0.1", ["--suite", "all"], 32),
        new("2025-11-25", "conformance-0.2", ["--requirements", "2025-11-25"], 33),
        new("2026-07-28", "conformance-0.2", ["--requirements", "2026-07-28"], 50),
    ];

    public static ConformanceSuite Named(string name) => All.Single(suite => suite.Name == name);
}
