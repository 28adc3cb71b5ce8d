using System.Text.RegularExpressions;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Architecture;

/// <summary>The README shows what it claims by files and tests: those that it names are there.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    /// <summary>Tests of both projects, as sources: one does not refer to the other.</summary>
    private static readonly IReadOnlyList<string> Sources = [.. FilesIn("tests").Concat(FilesIn("src")).Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/node_modules/", StringComparison.Ordinal))];

    [Fact]
    public void Every_file_that_it_names_is_there()
    {
        var named = FileName().Matches(Readme).Select(match => match.Groups["file"].Value).Distinct(StringComparer.Ordinal).ToList();

        Assert.InRange(named.Count, 50, 500);
        Assert.Equal("", string.Join(", ", named.Where(name => !Sources.Any(path => path.EndsWith("/" + name, StringComparison.Ordinal)))));
    }

    [Fact]
    public void Every_test_that_it_names_is_there()
    {
        var text = Sources.Where(path => path.EndsWith("Tests.cs", StringComparison.Ordinal)).Select(File.ReadAllText).ToList();
        var named = TestName().Matches(Readme).Select(match => (Class: match.Groups["class"].Value, Method: match.Groups["method"].Value)).Distinct().ToList();

        Assert.InRange(named.Count, 50, 500);
        Assert.Equal("", string.Join(", ", named.Where(name => !text.Any(source => Holds(source, name.Class, name.Method)))));
    }

    private static bool Holds(string source, string type, string method) =>
        Regex.IsMatch(source, $@"class {type}\b", RegexOptions.None, TimeSpan.FromSeconds(1))
        && (method.Length == 0 || Regex.IsMatch(source, $@" {method.Replace("…", @"\w*", StringComparison.Ordinal)}\(", RegexOptions.None, TimeSpan.FromSeconds(1)));

    private static IEnumerable<string> FilesIn(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*", SearchOption.AllDirectories).Select(path => path.Replace('\\', '/'));

    [GeneratedRegex(@"`(?<file>[A-Za-z][\w/.]*\.(?:cs|razor|csproj|mjs))`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FileName();

    [GeneratedRegex(@"`(?<class>\w+Tests)(?:\.(?<method>[\w…]+))?`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestName();
}
