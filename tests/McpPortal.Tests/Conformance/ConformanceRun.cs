using System.Text.Json;
using System.Text.RegularExpressions;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Conformance;

/// <summary>What a suite found out about the server at an address.</summary>
/// <param name="suite">Which one.</param>
/// <param name="scenarios">All that it began.</param>
/// <param name="output">The end of what it wrote.</param>
internal sealed partial class ConformanceRun(ConformanceSuite suite, IReadOnlyList<ConformanceScenario> scenarios, string output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static async Task<ConformanceRun> RunAsync(ConformanceSuite suite, Uri server, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("conformance-");
        try
        {
            var program = Path.Combine(Repository.Peers, suite.Package, "dist", "index.js");
            await using var child = ChildProcess.Start(Repository.Node, [program, "server", "--url", server.AbsoluteUri, "--output-dir", folder.FullName, .. suite.Arguments]);
            await EndAsync(child, cancellationToken);
            return new ConformanceRun(suite, [.. Announced(child.Lines).Select(name => new ConformanceScenario(name, Read(folder, name)))], child.Output());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Fails unless exactly the <paramref name="exceptions"/> failed; their values say why they may.</summary>
    public void AssertPassed(IReadOnlyDictionary<string, string> exceptions)
    {
        var names = scenarios.Select(scenario => scenario.Name).ToHashSet(StringComparer.Ordinal);
        string[] complaints =
        [
            .. scenarios.Where(scenario => !scenario.Passed && !exceptions.ContainsKey(scenario.Name)).SelectMany(scenario => scenario.Complaints()),
            .. scenarios.Where(scenario => scenario.Passed && exceptions.ContainsKey(scenario.Name)).Select(scenario => $"{scenario.Name,-48} PASSED   is listed as an exception: {exceptions[scenario.Name]}"),
            .. exceptions.Keys.Where(name => !names.Contains(name)).Select(name => $"{name,-48} UNKNOWN  is listed as an exception and was not run"),
            .. Shortage(),
        ];
        Assert.True(complaints.Length == 0, $"{suite.Name}: {scenarios.Count(scenario => scenario.Passed)} of {scenarios.Count} scenarios passed.\n{string.Join('\n', complaints)}");
    }

    private IEnumerable<string> Shortage()
    {
        if (scenarios.Count != suite.Scenarios)
        {
            yield return $"It ran {scenarios.Count} scenarios instead of {suite.Scenarios}:";
            yield return output;
        }
    }

    private static async Task EndAsync(ChildProcess child, CancellationToken cancellationToken)
    {
        try
        {
            // The exit code says no more than the checks do.
            await child.Exited.WaitAsync(Limit, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"The suite did not end within {Limit.TotalMinutes:0} minutes:\n{child.Output()}", e);
        }
    }

    /// <summary>A scenario that breaks off leaves no file; what was announced is what counts.</summary>
    private static IEnumerable<string> Announced(IEnumerable<string> lines) =>
        lines.Select(line => Announcement().Match(line)).Where(match => match.Success).Select(match => match.Groups["name"].Value);

    private static ConformanceCheck[] Read(DirectoryInfo folder, string scenario)
    {
        var files = folder.EnumerateDirectories($"server-{scenario}-*").Where(found => Stamp().IsMatch(found.Name[$"server-{scenario}".Length..]));
        return files.Select(found => Path.Combine(found.FullName, "checks.json")).SingleOrDefault(File.Exists) is { } file
            ? JsonSerializer.Deserialize<ConformanceCheck[]>(File.ReadAllText(file), JsonSerializerOptions.Web)!
            : [new ConformanceCheck(scenario, "FAILURE", ErrorMessage: "The scenario broke off before it wrote its checks.")];
    }

    [GeneratedRegex("^=== Running scenario: (?<name>\\S+) ===$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Announcement();

    /// <summary>The time that a suite puts after the name of a scenario, which may itself begin the name of another.</summary>
    [GeneratedRegex("^-\\d{4}-\\d\\d-\\d\\dT[-\\d]+Z$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Stamp();
}
