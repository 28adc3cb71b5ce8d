namespace McpPortal.TestConsole;

/// <summary>What happened during one call, in order. Written from any thread; a talkative server cannot make it grow without end.</summary>
public sealed class ProtocolLog
{
    public const int MaxEntries = 500;
    private readonly Lock _gate = new();
    private readonly List<ProtocolEntry> _entries = [];

    /// <summary>Entries that found no place.</summary>
    public int Dropped { get; private set; }

    public IReadOnlyList<ProtocolEntry> Entries
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries];
            }
        }
    }

    /// <param name="at">Since the call was asked for.</param>
    /// <param name="what">The kind of event.</param>
    /// <param name="words">Details, safe to show as text.</param>
    /// <param name="last">The end of the call is always noted.</param>
    public void Add(TimeSpan at, string what, string words, bool last = false)
    {
        lock (_gate)
        {
            if (_entries.Count < MaxEntries || last)
            {
                _entries.Add(new ProtocolEntry(at, what, words));
            }
            else
            {
                Dropped++;
            }
        }
    }
}
