using System.Collections.Concurrent;

namespace McpPortal.Sessions;

/// <summary>Remembers for a moment that a session could not be opened, longer with each failure, so that a dead server costs nobody a wait or a process each time.</summary>
internal sealed class OpenFailures(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<SessionKey, Failure> _failures = new();

    /// <summary>The failure to repeat instead of trying, or null when a try is due.</summary>
    public SessionResult? Recent(SessionKey key) =>
        _failures.TryGetValue(key, out var failure) && time.GetElapsedTime(failure.At) < failure.Pause ? failure.Result : null;

    /// <summary>Notes what came of a try. Only what the next try could mend is remembered.</summary>
    public void Note(SessionKey key, SessionResult result)
    {
        if (result is SessionResult.Unreachable or SessionResult.TimedOut)
        {
            _failures.AddOrUpdate(
                key,
                _ => new Failure(result, time.GetTimestamp(), First),
                (_, before) => new Failure(result, time.GetTimestamp(), before.Pause * 2 < Longest ? before.Pause * 2 : Longest));
        }
        else
        {
            _failures.TryRemove(key, out _);
        }
    }

    /// <summary>Forgets what is long over.</summary>
    public void Sweep()
    {
        foreach (var (key, failure) in _failures)
        {
            if (time.GetElapsedTime(failure.At) > Longest * 2)
            {
                _failures.TryRemove(key, out _);
            }
        }
    }

    private sealed record Failure(SessionResult Result, long At, TimeSpan Pause);
}
