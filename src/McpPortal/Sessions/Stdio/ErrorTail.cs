using System.Text;

namespace McpPortal.Sessions.Stdio;

/// <summary>Keeps the last lines a child wrote to its error output, bounded and without secrets, and always reads so that the child never waits.</summary>
internal sealed partial class ErrorTail(SecretScrubber scrubber, TimeProvider clock, ILogger logger, string server)
{
    private const int Lines = 50;
    private const int LineLength = 2000;
    private const int LinesPerSecond = 20;

    private readonly Lock _gate = new();
    private readonly Queue<string> _tail = new(Lines);
    private readonly StringBuilder _line = new();
    private long _second;
    private int _inSecond;

    public IReadOnlyList<string> Last
    {
        get
        {
            lock (_gate)
            {
                return [.. _tail];
            }
        }
    }

    public async Task ReadAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 4096, leaveOpen: true);
        var buffer = new char[4096];
        try
        {
            while (await reader.ReadAsync(buffer) is > 0 and var count)
            {
                foreach (var character in buffer.AsSpan(0, count))
                {
                    Add(character);
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The pipe went with the child.
        }

        EndLine();
    }

    private void Add(char character)
    {
        if (character == '\n')
        {
            EndLine();
        }
        else if (_line.Length < LineLength)
        {
            // No colours, no invented log lines.
            _line.Append(char.IsControl(character) ? ' ' : character);
        }
    }

    private void EndLine()
    {
        if (_line.Length == 0)
        {
            return;
        }

        var text = scrubber.Scrub(_line.ToString());
        _line.Clear();
        lock (_gate)
        {
            if (_tail.Count == Lines)
            {
                _tail.Dequeue();
            }

            _tail.Enqueue(text);
        }

        var second = clock.GetTimestamp() / clock.TimestampFrequency;
        if (second != _second)
        {
            (_second, _inSecond) = (second, 0);
        }

        if (_inSecond++ < LinesPerSecond)
        {
            Log.Said(logger, server, text);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "{Server} wrote: {Text}")]
        public static partial void Said(ILogger logger, string server, string text);
    }
}
