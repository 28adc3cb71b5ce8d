using System.Globalization;

namespace McpPortal.Tests.Rig.Canaries;

/// <summary>What the whole run searched, in <c>artifacts/tests/canaries-PROJECT.md</c>.</summary>
internal static class CanaryTally
{
    private static readonly Lock Writing = new();
    private static long _scans;
    private static long _texts;
    private static long _characters;
    private static long _planted;
    private static long _found;

    /// <summary>One portal's writings were searched.</summary>
    public static void Note(long texts, long characters, int planted, int found)
    {
        lock (Writing)
        {
            (_scans, _texts, _characters, _planted, _found) = (_scans + 1, _texts + texts, _characters + characters, _planted + planted, _found + found);
            var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "tests"));
            File.WriteAllText(Path.Combine(folder.FullName, $"canaries-{typeof(CanaryTally).Assembly.GetName().Name}.md"), string.Create(
                CultureInfo.InvariantCulture,
                $"""
                | portals and hosts searched | texts | characters | secrets of their own watched for, besides every one with the mark | found |
                |--:|--:|--:|--:|--:|
                | {_scans:N0} | {_texts:N0} | {_characters:N0} | {_planted:N0} | {_found:N0} |

                """));
        }
    }
}
