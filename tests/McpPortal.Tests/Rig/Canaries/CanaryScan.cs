using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace McpPortal.Tests.Rig.Canaries;

/// <summary>
/// Collects what a portal wrote, wherever it wrote it, and searches it for planted secrets in every spelling. What may hold a secret is
/// not handed in: that is decided where it is heard, in the open.
/// </summary>
internal sealed partial class CanaryScan
{
    private const int Shown = 120;
    private const string AccessKeyStart = "mcpp_";
    private const int LongestKey = 30;

    /// <summary>What a test of full size writes does not fit into memory: it is searched in portions of this many texts and let go.</summary>
    private const int Portion = 50_000;
    private static readonly string[] Tags = [.. Spellings.Of(Canary.Tag)];
    private static readonly SearchValues<string> Tagged = SearchValues.Create(Tags, StringComparison.OrdinalIgnoreCase);
    private readonly ConcurrentQueue<(string Place, string Text)> _heard = new();
    private readonly ConcurrentDictionary<string, string> _watched = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _found = new();
    private long _texts;
    private long _characters;

    public CanaryScan() => Logs = new HeardLogs(this);

    /// <summary>Whether the scan's own test planted the secret that it is to find: that one is not counted among those of the run.</summary>
    public bool IsTrial { get; set; }

    /// <summary>A sink for loggers, at every level.</summary>
    public HeardLogs Logs { get; }

    /// <summary>Also looks for a secret that the test did not make itself.</summary>
    public string Watch(string what, string secret)
    {
        _watched[secret] = what;
        return secret;
    }

    public void Hear(string place, string text)
    {
        _heard.Enqueue((place, text));
        Interlocked.Add(ref _characters, text.Length);
        if (Interlocked.Increment(ref _texts) % Portion == 0 && SoakSize.IsFull)
        {
            LetGo();
        }
    }

    /// <summary>Every file below a folder, but for those named.</summary>
    public void HearFolder(string folder, params ReadOnlySpan<string> except)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            // Without length are also the pipes of a killed runtime, whose opening would wait for a partner for ever.
            if (except.Contains(Path.GetFileName(file)) || new FileInfo(file) is not { Exists: true, Length: > 0 })
            {
                continue;
            }

            try
            {
                Hear(file, File.ReadAllText(file, Encoding.Latin1));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A socket, or gone by now.
            }
        }
    }

    /// <summary>How many texts came from there.</summary>
    public int Heard(string place) => _heard.Count(heard => heard.Place == place);

    /// <summary>Whether somebody wrote this.</summary>
    public bool Says(string text) => _heard.Any(heard => heard.Text.Contains(text, StringComparison.Ordinal));

    /// <summary>Where secrets were found, and how they are spelled there.</summary>
    public IReadOnlyList<string> Leaks() => [.. _found.Concat(Search(_heard)).Distinct(StringComparer.Ordinal).Take(20)];

    /// <summary>Whether a short text holds a planted secret; for what comes too often to be kept.</summary>
    public static bool Holds(string text) => text.AsSpan().ContainsAny(Tagged) || AccessKey().IsMatch(text);

    /// <summary>Fails with what was found.</summary>
    public void AssertNothingLeaked()
    {
        var leaks = Leaks();
        if (!IsTrial)
        {
            CanaryTally.Note(Interlocked.Read(ref _texts), Interlocked.Read(ref _characters), _watched.Count, leaks.Count);
        }

        Assert.True(leaks.Count == 0, string.Create(CultureInfo.InvariantCulture, $"{leaks.Count} planted secrets were found:\n{string.Join('\n', leaks)}"));
    }

    /// <summary>Searches what was heard so far, a portion at most, and forgets it.</summary>
    public void LetGo()
    {
        var portion = new List<(string Place, string Text)>(Portion);
        while (portion.Count < Portion && _heard.TryDequeue(out var heard))
        {
            portion.Add(heard);
        }

        foreach (var leak in Search(portion))
        {
            _found.Enqueue(leak);
        }
    }

    private IEnumerable<string> Search(IEnumerable<(string Place, string Text)> texts)
    {
        var watched = _watched.SelectMany(pair => Spellings.Of(pair.Key).Select(spelling => (spelling, pair.Value))).DistinctBy(pair => pair.spelling, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(pair => pair.spelling, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
        var wanted = SearchValues.Create([.. Tags, AccessKeyStart, .. watched.Keys], StringComparison.OrdinalIgnoreCase);
        return texts.SelectMany(heard => Search(heard.Place, heard.Text, wanted, watched));
    }

    private static IEnumerable<string> Search(string place, string text, SearchValues<string> wanted, Dictionary<string, string> watched)
    {
        var at = 0;
        while (text.AsSpan(at).IndexOfAny(wanted) is >= 0 and var found)
        {
            var start = at + found;
            at = start + 1;
            if (Stands(AccessKeyStart, text, start) && !AccessKey().IsMatch(text.AsSpan(start, Math.Min(LongestKey, text.Length - start))))
            {
                // Only the public part of one.
                continue;
            }

            var what = watched.FirstOrDefault(pair => Stands(pair.Key, text, start)).Value ?? "a planted secret";
            var from = Math.Max(0, start - Shown);
            yield return $"{place}: {what} in “{text[from..Math.Min(text.Length, start + Shown)].ReplaceLineEndings(" ")}”";
        }
    }

    private static bool Stands(string spelling, string text, int at) => string.Compare(text, at, spelling, 0, spelling.Length, StringComparison.OrdinalIgnoreCase) == 0;

    [GeneratedRegex("mcpp_[0-9a-z]{12}_[0-9a-z]{12}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AccessKey();
}
