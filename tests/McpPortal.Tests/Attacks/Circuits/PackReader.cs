using System.Buffers.Binary;
using System.Text;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>Reads what <see cref="PackWriter"/> writes, and what the server answers.</summary>
internal ref struct PackReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>The length that stands before a message; false while not all of it is there.</summary>
    public static bool TryFrame(ReadOnlySpan<byte> bytes, out int start, out int length)
    {
        (start, length) = (0, 0);
        for (var shift = 0; start < bytes.Length; shift += 7)
        {
            var next = bytes[start++];
            length |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return bytes.Length - start >= length;
            }
        }

        return false;
    }

    public object? Read()
    {
        var kind = Take(1)[0];
        return kind switch
        {
            <= 0x7F => (long)kind,
            <= 0x8F => Map(kind & 0x0F),
            <= 0x9F => Items(kind & 0x0F),
            <= 0xBF => Text(kind & 0x1F),
            0xC0 => null,
            0xC2 => false,
            0xC3 => true,
            0xC4 => Take((int)Number(1)).ToArray(),
            0xC5 => Take((int)Number(2)).ToArray(),
            0xC6 => Take((int)Number(4)).ToArray(),
            0xCC => Number(1),
            0xCD => Number(2),
            0xCE => Number(4),
            0xCF => Number(8),
            0xD0 => (long)(sbyte)Number(1),
            0xD1 => (long)(short)Number(2),
            0xD2 => (long)(int)Number(4),
            0xD3 => Number(8),
            0xD9 => Text((int)Number(1)),
            0xDA => Text((int)Number(2)),
            0xDB => Text((int)Number(4)),
            0xDC => Items((int)Number(2)),
            >= 0xE0 => (long)(sbyte)kind,
            _ => throw new InvalidDataException($"MessagePack kind {kind:x2}"),
        };
    }

    private object?[] Items(int count)
    {
        var items = new object?[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = Read();
        }

        return items;
    }

    private object? Map(int count)
    {
        Items(count * 2);
        return null;
    }

    private string Text(int length) => Encoding.UTF8.GetString(Take(length));

    private long Number(int size)
    {
        Span<byte> number = stackalloc byte[8];
        number.Clear();
        Take(size).CopyTo(number[(8 - size)..]);
        return BinaryPrimitives.ReadInt64BigEndian(number);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
