using System.Buffers.Binary;
using System.Text;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>An element of a render batch that listens to an event: the event's name, the handler's id, the words on the element, its attributes.</summary>
internal sealed record Handler(string Event, long Id, string Words, string Attributes);

/// <summary>What a circuit sent to be drawn: its handlers and every text in it. The format is the one that blazor.web.js reads.</summary>
internal sealed class RenderBatch
{
    private const int FrameSize = 20;
    private const int Element = 1;
    private const int Attribute = 3;
    private static readonly int[] WithText = [2, 8];
    private readonly byte[] _bytes;
    private readonly List<string> _strings = [];
    private readonly int _frames;
    private readonly int _count;

    public RenderBatch(byte[] bytes)
    {
        _bytes = bytes;
        var table = Int(bytes.Length - 4);
        for (var at = table; at < bytes.Length - FrameSize; at += 4)
        {
            _strings.Add(StringAt(Int(at)));
        }

        var frames = Int(bytes.Length - 16);
        (_count, _frames) = (Int(frames), frames + 4);
    }

    public IReadOnlyList<string> Strings => _strings;

    public IEnumerable<Handler> Handlers()
    {
        for (var i = 0; i < _count; i++)
        {
            if (Kind(i) != Element)
            {
                continue;
            }

            var inside = Enumerable.Range(i, Field(i, 1)).ToList();
            var words = string.Join(' ', inside.Where(f => WithText.Contains(Kind(f))).Select(f => String(Field(f, 1))?.Trim()).Where(text => !string.IsNullOrEmpty(text)));
            for (var f = i + 1; f < _count && Kind(f) == Attribute; f++)
            {
                if (BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(_frames + (f * FrameSize) + 12)) is > 0 and var id)
                {
                    yield return new Handler(String(Field(f, 1))!, id, words, Attributes(i));
                }
            }
        }
    }

    private string Attributes(int element)
    {
        var text = new StringBuilder();
        for (var f = element + 1; f < _count && Kind(f) == Attribute; f++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"[{String(Field(f, 1))}={String(Field(f, 2))}]");
        }

        return text.ToString();
    }

    private int Kind(int frame) => Field(frame, 0);

    private int Field(int frame, int number) => Int(_frames + (frame * FrameSize) + (number * 4));

    private string? String(int index) => index < 0 ? null : _strings[index];

    private int Int(int at) => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(at));

    private string StringAt(int at)
    {
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = _bytes[at++];
            length |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return Encoding.UTF8.GetString(_bytes, at, length);
            }
        }
    }
}
