namespace McpPortal.Clients;

/// <summary>A text to copy into a client.</summary>
/// <param name="Label">What it is: a file, a command, an address.</param>
/// <param name="Where">Where it belongs, in a sentence.</param>
/// <param name="Text">The text itself; only on the page, never in a log.</param>
internal sealed record ClientSnippet(string Label, string Where, string Text)
{
    public override string ToString() => Label;
}
