using System.Text.Json;
using System.Text.Json.Nodes;

namespace McpPortal.Gateway;

/// <summary>
/// Finds tools by words. What is asked counts by where it stands (name, title, description), by how well it fits (the word, or its beginning)
/// and by how few tools have it; a tool with more of the words goes before. The order never depends on chance: what is equal goes by name.
/// </summary>
internal sealed class ToolFinder
{
    private const int MaxWords = 32;
    private const int MinPrefix = 3;
    private const double Beginning = 0.5;
    private static readonly (string Field, double Weight)[] Fields = [("name", 4), ("title", 3), ("description", 1)];
    private readonly Entry[] _entries;

    public ToolFinder(IEnumerable<JsonObject> tools) => _entries = [.. tools.Select(Entry.Of).OrderBy(entry => entry.Name, StringComparer.Ordinal)];

    /// <summary>The best matches, best first. Without a word it is the beginning of the list.</summary>
    public IReadOnlyList<JsonObject> Find(string query, int limit)
    {
        var words = Words(query).Distinct(StringComparer.Ordinal).Take(MaxWords).ToArray();
        if (words.Length == 0)
        {
            return [.. _entries.Take(limit).Select(entry => entry.Tool)];
        }

        var fits = Array.ConvertAll(_entries, entry => Array.ConvertAll(words, entry.Fit));
        var rarity = words.Select((_, word) => Math.Log(1 + ((double)_entries.Length / Math.Max(1, fits.Count(fit => fit[word] > 0))))).ToArray();
        return
        [
            .. _entries.Select((entry, i) => (entry.Tool, Score: Score(fits[i], rarity)))
                .Where(found => found.Score > 0)
                .OrderByDescending(found => found.Score) // stable, and the entries stand by name
                .Take(limit)
                .Select(found => found.Tool),
        ];
    }

    private static double Score(double[] fit, double[] rarity) =>
        fit.Zip(rarity, (fits, rare) => fits * rare).Sum() * fit.Count(fits => fits > 0) / fit.Length;

    /// <summary>Runs of letters and digits in lower case; <c>listEmails</c> is two words.</summary>
    private static IEnumerable<string> Words(string text)
    {
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            var ends = i == text.Length || !char.IsLetterOrDigit(text[i]);
            if ((ends || (i > start && char.IsUpper(text[i]) && char.IsLower(text[i - 1]))) && i > start)
            {
                yield return text[start..i].ToLowerInvariant();
                start = i;
            }

            if (ends)
            {
                start = i + 1;
            }
        }
    }

    private sealed record Entry(JsonObject Tool, string Name, IReadOnlyList<(HashSet<string> Words, double Weight)> Parts)
    {
        public static Entry Of(JsonObject tool) => new(
            tool, Text(tool, "name") ?? "", [.. Fields.Select(field => (Words(Text(tool, field.Field) ?? "").ToHashSet(StringComparer.Ordinal), field.Weight))]);

        public double Fit(string word) => Parts.Max(part => part.Weight * (part.Words.Contains(word) ? 1 : part.Words.Any(known => Begins(known, word)) ? Beginning : 0));

        /// <summary><c>mail</c> finds <c>mails</c>, and the other way round.</summary>
        private static bool Begins(string one, string other)
        {
            var (shorter, longer) = one.Length < other.Length ? (one, other) : (other, one);
            return shorter.Length >= MinPrefix && longer.StartsWith(shorter, StringComparison.Ordinal);
        }

        private static string? Text(JsonObject tool, string field) => tool[field] is { } value && value.GetValueKind() == JsonValueKind.String ? (string?)value : null;
    }
}
