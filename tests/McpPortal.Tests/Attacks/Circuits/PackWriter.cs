using System.Buffers.Binary;
using System.Text;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>The part of MessagePack that hub messages of a circuit are made of.</summary>
internal static class PackWriter
{
    /// <summary>A message with its length before it, as the hub protocol frames it.</summary>
    public static byte[] Frame(params object?[] items)
    {
        using var body = new MemoryStream();
        Write(body, items);
        using var framed = new MemoryStream();
        var length = (uint)body.Length;
        while (length > 0x7F)
        {
            framed.WriteByte((byte)(length | 0x80));
            length >>= 7;
        }

        framed.WriteByte((byte)length);
        body.WriteTo(framed);
        return framed.ToArray();
    }

    private static void Write(MemoryStream to, object? value)
    {
        switch (value)
        {
            case null:
                to.WriteByte(0xC0);
                break;
            case bool yes:
                to.WriteByte(yes ? (byte)0xC3 : (byte)0xC2);
                break;
            case int or long:
                to.WriteByte(0xD3);
                WriteBigEndian(to, 8, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case string text:
                var bytes = Encoding.UTF8.GetBytes(text);
                to.WriteByte(0xDB);
                WriteBigEndian(to, 4, bytes.Length);
                to.Write(bytes);
                break;
            case byte[] binary:
                to.WriteByte(0xC6);
                WriteBigEndian(to, 4, binary.Length);
                to.Write(binary);
                break;
            case Dictionary<string, string>:
                to.WriteByte(0x80);
                break;
            case object?[] items:
                to.WriteByte(0xDC);
                WriteBigEndian(to, 2, items.Length);
                foreach (var item in items)
                {
                    Write(to, item);
                }

                break;
            default:
                throw new NotSupportedException(value.GetType().Name);
        }
    }

    private static void WriteBigEndian(MemoryStream to, int size, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        to.Write(bytes[(8 - size)..]);
    }
}
