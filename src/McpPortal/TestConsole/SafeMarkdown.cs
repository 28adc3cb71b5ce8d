using Markdig;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace McpPortal.TestConsole;

/// <summary>Renders Markdown of others: no HTML of theirs, no pictures (they would tell the sender who looks), links to web addresses only.</summary>
internal static class SafeMarkdown
{
    /// <summary>Longer text is shown plain: rendering must never take long.</summary>
    public const int MaxLength = 20_000;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().Build();
    private static readonly string[] Marks = ["# ", "## ", "### ", "```", "**", "](", "\n- ", "\n* ", "\n1. ", "\n|"];

    /// <summary>Null when the text does not look like Markdown, or is better shown plain.</summary>
    public static string? TryRender(string text)
    {
        if (text.Length > MaxLength || !Array.Exists(Marks, mark => text.Contains(mark, StringComparison.Ordinal)) || Untrusted.Parse(text) is not null)
        {
            return null;
        }

        try
        {
            var document = Markdown.Parse(text, Pipeline);
            foreach (var heading in document.Descendants<HeadingBlock>())
            {
                heading.Level = Math.Min(6, heading.Level + 2); // below the page's own headings
            }

            foreach (var link in document.Descendants<LinkInline>().ToList())
            {
                link.IsImage = false;
                Guard(link, link.GetDynamicUrl?.Invoke() ?? link.Url, address => (link.Url, link.GetDynamicUrl, link.Title) = (address, null, address));
            }

            foreach (var link in document.Descendants<AutolinkInline>().ToList())
            {
                if (link.IsEmail || !WebAddress.IsSafe(link.Url))
                {
                    link.ReplaceBy(new LiteralInline(link.Url));
                }
                else
                {
                    Mark(link);
                }
            }

            return document.ToHtml(Pipeline);
        }
        catch (ArgumentException)
        {
            return null; // nested too deeply, says Markdig
        }
    }

    private static void Guard(LinkInline link, string? address, Action<string> keep)
    {
        if (!WebAddress.IsSafe(address))
        {
            // The words stay, the address is dropped.
            var words = new ContainerInline();
            link.ReplaceBy(words, copyChildren: true);
            return;
        }

        keep(address!);
        Mark(link);
    }

    private static void Mark(Inline link)
    {
        var attributes = link.GetAttributes();
        attributes.AddProperty("target", "_blank");
        attributes.AddProperty("rel", "noopener noreferrer nofollow");
    }
}
