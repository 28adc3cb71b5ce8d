using Xunit.Sdk;

namespace McpPortal.Tests.Conformance;

/// <summary>A run tells good from bad.</summary>
public sealed class ConformanceRunTests
{
    private static readonly ConformanceScenario Good = new("good", [new ConformanceCheck("kept", "SUCCESS"), new ConformanceCheck("told", "INFO")]);
    private static readonly ConformanceScenario Bad = new("bad", [new ConformanceCheck("kept", "SUCCESS"), new ConformanceCheck("broken", "FAILURE", ErrorMessage: "It broke.")]);
    private static readonly ConformanceScenario Lax = new("lax", [new ConformanceCheck("kept", "SUCCESS"), new ConformanceCheck("lax", "WARNING", ErrorMessage: "It SHOULD not.")]);
    private static readonly ConformanceScenario Empty = new("empty", [new ConformanceCheck("told", "INFO"), new ConformanceCheck("left", "SKIPPED")]);

    [Fact]
    public void Listed_scenarios_may_fail() => Run(4, Good, Bad, Lax, Empty).AssertPassed(Listed("bad", "lax", "empty"));

    [Fact]
    public void Failures_warnings_and_empty_scenarios_have_to_be_listed()
    {
        var message = Assert.Throws<TrueException>(() => Run(4, Good, Bad, Lax, Empty).AssertPassed(Listed())).Message;

        Assert.Contains("1 of 4", message, StringComparison.Ordinal);
        Assert.Contains("It broke.", message, StringComparison.Ordinal);
        Assert.Contains("It SHOULD not.", message, StringComparison.Ordinal);
        Assert.Contains("checked nothing", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_listed_scenario_that_passes_is_listed_no_more() =>
        Assert.Contains("PASSED", Assert.Throws<TrueException>(() => Run(1, Good).AssertPassed(Listed("good"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_listed_scenario_has_to_be_one() =>
        Assert.Contains("UNKNOWN", Assert.Throws<TrueException>(() => Run(1, Good).AssertPassed(Listed("gone"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_suite_runs_all_of_its_scenarios() =>
        Assert.Contains("instead of 2", Assert.Throws<TrueException>(() => Run(2, Good).AssertPassed(Listed())).Message, StringComparison.Ordinal);

    private static ConformanceRun Run(int expected, params ConformanceScenario[] scenarios) => new(new ConformanceSuite("made up", "none", [], expected), scenarios, "");

    private static Dictionary<string, string> Listed(params string[] names) => names.ToDictionary(name => name, _ => "a reason", StringComparer.Ordinal);
}
