using System.Text.Json;

namespace McpPortal.TestConsole;

/// <summary>The arguments of one tool as they are being written, as a form or as JSON; what was typed survives the switch.</summary>
public sealed class ToolDraft
{
    private bool _warned;

    public ToolDraft(ToolInfo tool)
    {
        Tool = tool;
        Root = new FormNode(SchemaFields.Read(tool.Schema), "", prefill: true);
        InJson = Root.Field.HasMore && Root.Children.Count == 0;
        Json = InJson ? "{}" : "";
    }

    public ToolInfo Tool { get; }

    public FormNode Root { get; }

    public bool InJson { get; private set; }

    public string Json { get; private set; }

    /// <summary>What is wrong with the JSON as a whole.</summary>
    public string? Problem { get; private set; }

    /// <summary>Problems that the next run will overlook, because somebody who writes JSON may want to send just that.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    public void TypeJson(string text)
    {
        (Json, Problem, Warnings, _warned) = (text, null, [], false);
    }

    public void ShowJson()
    {
        if (!InJson)
        {
            (InJson, Json, Problem, Warnings, _warned) = (true, Pretty(), null, [], false);
        }
    }

    /// <summary>Stays with the JSON, and says why, when it is not an object.</summary>
    public void ShowForm()
    {
        if (InJson && Take())
        {
            (InJson, Warnings) = (false, []);
        }
    }

    /// <summary>The arguments to send, or null with the problems noted.</summary>
    public JsonElement? Build()
    {
        if (!InJson)
        {
            return FormChecks.Check(Root) ? Untrusted.Element(FormWriter.WriteRoot(Root)) : null;
        }

        if (!Take())
        {
            return null;
        }

        if (!_warned && !FormChecks.Check(Root))
        {
            _warned = true;
            Warnings = [.. Root.All().Where(node => node.Problem is not null).Take(20).Select(node => $"{Untrusted.Visible(node.Path, 100)}: {node.Problem}")];
            return null;
        }

        Warnings = [];
        return Untrusted.Parse(Text);
    }

    private string Text => string.IsNullOrWhiteSpace(Json) ? "{}" : Json;

    private string Pretty() => Untrusted.Pretty(Untrusted.Element(FormWriter.WriteRoot(Root))) ?? "{}";

    private bool Take()
    {
        if (Untrusted.Typed(Text) is not { ValueKind: JsonValueKind.Object } value)
        {
            Problem = "The arguments must be one JSON object, such as {\"name\": \"value\"}.";
            return false;
        }

        Problem = null;
        FormReader.Read(Root, value);
        return true;
    }
}
