using System.Text;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>Writes what was measured as a Markdown table: <c>artifacts/tests/authorization-NAME.md</c>.</summary>
internal static class MatrixFile
{
    public static void Write(string name, IReadOnlyList<string> actors, IEnumerable<(string Row, IReadOnlyList<string> Got)> lines)
    {
        StringBuilder text = new($"| what | {string.Join(" | ", actors)} |\n|---{string.Concat(Enumerable.Repeat("|---", actors.Count))}|\n");
        foreach (var (row, got) in lines)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {row} | {string.Join(" | ", got)} |\n");
        }

        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "tests"));
        File.WriteAllText(Path.Combine(folder.FullName, $"authorization-{name}.md"), text.ToString());
    }
}
