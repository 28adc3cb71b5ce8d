using System.Globalization;
using System.Text.RegularExpressions;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks;

/// <summary>Every row of the attack catalogue is a test named after its id, or stands in the README with the reason why not.</summary>
public sealed partial class CatalogueTests
{
    private static readonly Dictionary<string, int> Groups = new(StringComparer.Ordinal)
    {
        ["AUTH"] = 15, ["ISO"] = 8, ["LEAK"] = 13, ["SSRF"] = 10, ["INJ"] = 12, ["DB"] = 10, ["UP"] = 10, ["BLZ"] = 10, ["KEY"] = 7,
        ["MCP"] = 19, ["DOS"] = 9, ["RST"] = 2,
    };

    [Fact]
    public void Every_attack_has_a_test_or_a_reason()
    {
        var tested = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Soak.cs", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Attacks.cs", SearchOption.AllDirectories))
            .SelectMany(file => TestName().Matches(File.ReadAllText(file)))
            .SelectMany(match => match.Groups["number"].Captures.Select(number => $"{match.Groups["group"].Value}-{number.Value}"));
        var excused = ReadmeRow().Matches(File.ReadAllText(Path.Combine(Repository.Root, "README.md"))).Select(match => match.Groups["id"].Value);
        var answered = tested.Concat(excused).ToHashSet(StringComparer.Ordinal);

        var rows = Groups.SelectMany(group => Enumerable.Range(1, group.Value).Select(n => $"{group.Key}-{n.ToString(CultureInfo.InvariantCulture)}"));

        Assert.Empty(rows.Except(answered, StringComparer.Ordinal));
    }

    // SSRF_1_2_No_spelling_… answers both SSRF-1 and SSRF-2.
    [GeneratedRegex(@"(?:Task|void) (?<group>[A-Z]{2,4})(?:_(?<number>\d+))+_[A-Z]", RegexOptions.None, 1000)]
    private static partial Regex TestName();

    [GeneratedRegex(@"^\| (?<id>[A-Z]{2,4}-\d+) \|", RegexOptions.Multiline, 1000)]
    private static partial Regex ReadmeRow();
}
