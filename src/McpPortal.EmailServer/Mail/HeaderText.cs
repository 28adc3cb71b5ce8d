namespace McpPortal.EmailServer.Mail;

/// <summary>Header values as people read them.</summary>
internal static class HeaderText
{
    /// <summary>Encoded words decoded; what they may have smuggled in (line ends, other controls) made harmless.</summary>
    public static string Clean(string? value) =>
        string.Concat(EncodedWord.Decode(value ?? "").Select(c => char.IsControl(c) ? ' ' : c)).Trim();

    /// <summary>A parameter of a header like <c>text/plain; charset="utf-8"</c>.</summary>
    public static string? Parameter(string? header, string name)
    {
        foreach (var part in (header ?? "").Split(';').Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && part.AsSpan(0, equals).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return part[(equals + 1)..].Trim().Trim('"');
            }
        }

        return null;
    }
}
