namespace McpPortal.Sandbox.Google;

/// <summary>A node of a MIME tree (RFC 2046): either parts or a decoded body.</summary>
internal sealed record MailPart(IReadOnlyList<KeyValuePair<string, string>> Headers, string MimeType, string? FileName, byte[] Body, IReadOnlyList<MailPart> Parts)
{
    public string? Header(string name) =>
        Headers.FirstOrDefault(header => string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase)).Value;

    public IEnumerable<MailPart> Flatten() => Parts.SelectMany(part => part.Flatten()).Prepend(this);
}
