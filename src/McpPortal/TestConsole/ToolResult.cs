using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace McpPortal.TestConsole;

/// <summary>What a tool answered, read for showing. Everything in it is the server's and untrusted.</summary>
public sealed record ToolResult(IReadOnlyList<ResultPart> Parts, ResultTable? Table, string Json, string Raw, int Bytes)
{
    public const int MaxPictureBytes = 3 * 1024 * 1024;
    private const int MaxParts = 100;
    private const int MaxShown = 1_000_000;

    // Kinds that a browser only ever draws. SVG is a document with scripts and links.
    private static readonly string[] Pictures = ["image/png", "image/jpeg", "image/gif", "image/webp"];

    internal static ToolResult From(ReadOnlyMemory<byte> json)
    {
        var raw = Encoding.UTF8.GetString(json.Span[..Math.Min(json.Length, MaxShown)]);
        if (Untrusted.Parse(json) is not { } result)
        {
            return new ToolResult([new ResultPart.Other("The answer cannot be read as a tool's result; Raw shows it as it came.")], null, raw, raw, json.Length);
        }

        var parts = ReadParts(result);
        var structured = result.Member("structuredContent");
        var table = structured is { } s ? ResultTable.From(s) : OnlyText(parts) is { } text && Untrusted.Parse(text) is { } inner ? ResultTable.From(inner) : null;
        return new ToolResult(parts, table, Cut(Untrusted.Pretty(structured ?? result) ?? raw), raw, json.Length);
    }

    private static List<ResultPart> ReadParts(JsonElement result)
    {
        var parts = new List<ResultPart>();
        if (result.Member("content") is not { ValueKind: JsonValueKind.Array } content)
        {
            return parts;
        }

        foreach (var block in content.EnumerateArray().Take(MaxParts))
        {
            parts.Add(Part(block));
        }

        if (content.GetArrayLength() > MaxParts)
        {
            parts.Add(new ResultPart.Other($"{content.GetArrayLength() - MaxParts} more parts are not shown here; Raw has them."));
        }

        return parts;
    }

    private static ResultPart Part(JsonElement block) => block.Text("type") switch
    {
        "text" => new ResultPart.Words(Cut(block.Text("text") ?? "")),
        "image" => Picture(block.Text("mimeType"), block.Member("data")),
        "audio" => new ResultPart.Other($"Sound ({Kind(block)}); it is not played here."),
        "resource_link" => Link(block),
        "resource" when block.Member("resource") is { ValueKind: JsonValueKind.Object } resource => Resource(resource),
        var type => new ResultPart.Other($"A part of a kind that is not shown here ({Untrusted.Visible(type ?? "unnamed", 60)}); Raw has it."),
    };

    private static ResultPart Resource(JsonElement resource)
    {
        var address = Untrusted.Visible(resource.Text("uri") ?? "no address", 400);
        if (resource.Text("text") is { } text)
        {
            return new ResultPart.Words(Cut(text), address);
        }

        return Pictures.Contains(resource.Text("mimeType"), StringComparer.OrdinalIgnoreCase)
            ? Picture(resource.Text("mimeType"), resource.Member("blob"))
            : new ResultPart.Other($"{address} ({Kind(resource)}); binary, not shown here.");
    }

    private static ResultPart.Link Link(JsonElement link)
    {
        var address = link.Text("uri") ?? "";
        var name = link.Text("title") ?? link.Text("name");
        return new ResultPart.Link(
            Untrusted.Visible(string.IsNullOrWhiteSpace(name) ? "Resource" : name, 200),
            Untrusted.Visible(address, 2_000),
            WebAddress.IsSafe(address),
            link.Text("description") is { Length: > 0 } description ? Untrusted.Visible(description, 1_000) : null);
    }

    private static ResultPart Picture(string? kind, JsonElement? data)
    {
        var known = Pictures.FirstOrDefault(picture => string.Equals(picture, kind, StringComparison.OrdinalIgnoreCase));
        if (known is null)
        {
            return new ResultPart.Other($"A picture of a kind that is not shown here ({Untrusted.Visible(kind ?? "unnamed", 60)}); Raw has it.");
        }

        if (data is not { ValueKind: JsonValueKind.String } text || Untrusted.Size(text) > MaxPictureBytes / 3 * 4 + 1024)
        {
            return new ResultPart.Other("A picture that is too large to be shown here; Raw has it.");
        }

        return text.Text() is { } encoded && Base64.IsValid(encoded, out var bytes) && bytes > 0
            ? new ResultPart.Picture($"data:{known};base64,{string.Concat(encoded.Where(c => !char.IsWhiteSpace(c)))}", bytes)
            : new ResultPart.Other("A picture whose data cannot be read; Raw has it.");
    }

    private static string? OnlyText(List<ResultPart> parts) => parts is [ResultPart.Words { Text: var text }] && text.AsSpan().TrimStart() is ['[' or '{', ..] ? text : null;

    private static string Kind(JsonElement block) => Untrusted.Visible(block.Text("mimeType") ?? "kind unknown", 60);

    private static string Cut(string text) => text.Length <= MaxShown ? text : text[..MaxShown];
}
