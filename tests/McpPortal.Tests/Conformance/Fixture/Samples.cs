namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>The smallest picture and sound that are valid.</summary>
internal static class Samples
{
    /// <summary>One grey pixel.</summary>
    public static byte[] Png { get; } = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==");

    /// <summary>One silent 8-bit sample at 8 kHz.</summary>
    public static byte[] Wav { get; } =
    [
        .. "RIFF"u8, 38, 0, 0, 0, .. "WAVEfmt "u8, 16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0,
        .. "data"u8, 1, 0, 0, 0, 128, 0,
    ];
}
