using System.Text.Json;
using System.Text.Json.Nodes;

namespace McpPortal.TestConsole;

/// <summary>A tool as the console shows it, read from what its server says of it.</summary>
/// <param name="Name">Exact name, for the call; show <see cref="Label"/>.</param>
/// <param name="Title">Name for people, if the server gives one.</param>
/// <param name="Description">The server's words, safe to show as text.</param>
/// <param name="Effect">From the annotations.</param>
/// <param name="Schema">Schema of the arguments; undefined when it cannot be read.</param>
public sealed record ToolInfo(string Name, string? Title, string Description, ToolEffect Effect, JsonElement Schema)
{
    private const int MaxName = 128;
    private const int MaxDescription = 20_000;

    /// <summary>The name, safe to show.</summary>
    public string Label { get; } = Untrusted.Visible(Name, MaxName);

    public string EffectWord => Effect switch
    {
        ToolEffect.Reads => "only reads",
        ToolEffect.Dangerous => "dangerous",
        _ => "may change things",
    };

    /// <summary>Why it carries its mark.</summary>
    public string EffectHint => Effect switch
    {
        ToolEffect.Reads => "The server says that this tool only reads.",
        ToolEffect.Dangerous => "The server says that this tool may destroy things or act beyond the server. The console asks before it runs.",
        _ => "This tool may change things.",
    };

    /// <summary>Null when it has no name to be called by.</summary>
    internal static ToolInfo? From(JsonObject tool)
    {
        JsonElement definition;
        try
        {
            definition = Untrusted.Element(tool);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or NotSupportedException)
        {
            return null; // deeper than anything that could be shown or checked
        }

        if (definition.Text("name") is not { Length: > 0 } name)
        {
            return null;
        }

        var annotations = definition.Member("annotations") ?? default;
        var title = definition.Text("title") ?? annotations.Text("title");
        return new ToolInfo(
            name,
            string.IsNullOrWhiteSpace(title) ? null : Untrusted.Visible(title, MaxName),
            Untrusted.Visible(definition.Text("description") ?? "", MaxDescription),
            EffectOf(annotations),
            definition.Member("inputSchema") ?? default);
    }

    private static ToolEffect EffectOf(JsonElement annotations)
    {
        var reads = Says(annotations, "readOnlyHint");
        return Says(annotations, "destructiveHint") && !reads || Says(annotations, "openWorldHint") && !reads ? ToolEffect.Dangerous
            : reads ? ToolEffect.Reads
            : ToolEffect.Changes;
    }

    private static bool Says(JsonElement annotations, string hint) => annotations.Member(hint) is { ValueKind: JsonValueKind.True };
}
