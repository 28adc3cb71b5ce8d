using System.Buffers;
using System.IO.Pipelines;

namespace McpPortal.Sessions.Stdio;

/// <summary>Cuts a stream into lines without ever holding more than the longest line allowed.</summary>
internal sealed class LineReader(Stream stream, int maxLineBytes) : IAsyncDisposable
{
    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: true));
    private SequencePosition? _next;

    /// <summary>The next line without its end, valid until the next call; null when the stream has ended.</summary>
    /// <exception cref="InvalidDataException">The line is too long.</exception>
    public async ValueTask<ReadOnlySequence<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_next is { } consumed)
        {
            _pipe.AdvanceTo(consumed);
            _next = null;
        }

        // Bytes looked at already are not searched for a line end again: a long line costs what it is long.
        var searched = 0L;
        while (true)
        {
            var result = await _pipe.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (buffer.Slice(searched).PositionOf((byte)'\n') is { } end)
            {
                _next = buffer.GetPosition(1, end);
                return Allowed(buffer.Slice(0, end));
            }

            searched = buffer.Length;
            if (result.IsCompleted)
            {
                _next = buffer.End;
                return buffer.IsEmpty ? null : Allowed(buffer);
            }

            _ = Allowed(buffer);
            _pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    public ValueTask DisposeAsync() => _pipe.CompleteAsync();

    private ReadOnlySequence<byte> Allowed(ReadOnlySequence<byte> line) => line.Length <= maxLineBytes
        ? line
        : throw new InvalidDataException($"The program wrote a line longer than {maxLineBytes / 1024} KB.");
}
