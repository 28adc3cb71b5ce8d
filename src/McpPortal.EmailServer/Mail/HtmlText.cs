using System.Net;
using System.Text;

namespace McpPortal.EmailServer.Mail;

/// <summary>The readable text of an HTML e-mail: tags, scripts and styles gone, one pass, whatever the input.</summary>
internal static class HtmlText
{
    private static readonly HashSet<string> Hidden = new(StringComparer.OrdinalIgnoreCase) { "script", "style", "head", "title", "template" };

    private static readonly HashSet<string> Breaking = new(StringComparer.OrdinalIgnoreCase)
    {
        "br", "p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "section", "article", "header", "footer",
    };

    public static string From(string html)
    {
        var text = new StringBuilder(html.Length / 2);
        var position = 0;
        while (position < html.Length)
        {
            var open = html.IndexOf('<', position);
            if (open < 0)
            {
                text.Append(html, position, html.Length - position);
                break;
            }

            text.Append(html, position, open - position);
            var (name, closing, after) = Tag(html, open);
            position = after;
            if (name.Length == 0)
            {
                text.Append('<');
            }
            else if (!closing && Hidden.Contains(name))
            {
                // What is inside is no markup: a script may hold any bracket.
                var end = html.IndexOf("</" + name, after, StringComparison.OrdinalIgnoreCase);
                position = end < 0 ? html.Length : end;
            }
            else if (Breaking.Contains(name))
            {
                text.Append('\u0001');
            }
        }

        return Tidy(WebUtility.HtmlDecode(text.ToString()));
    }

    /// <summary>The tag at an opening bracket; no name when it is none, "!" for a comment or declaration.</summary>
    private static (string Name, bool Closing, int After) Tag(string html, int open)
    {
        if (string.CompareOrdinal(html, open, "<!--", 0, 4) == 0)
        {
            var done = html.IndexOf("-->", open + 4, StringComparison.Ordinal);
            return ("!", false, done < 0 ? html.Length : done + 3);
        }

        var start = open + 1;
        var closing = start < html.Length && html[start] == '/';
        start += closing ? 1 : 0;
        if (start >= html.Length || !(char.IsAsciiLetter(html[start]) || html[start] is '!' or '?'))
        {
            return ("", false, open + 1);
        }

        var nameEnd = start + 1;
        while (nameEnd < html.Length && char.IsAsciiLetterOrDigit(html[nameEnd]))
        {
            nameEnd++;
        }

        var close = html.IndexOf('>', nameEnd);
        return (html[start..nameEnd], closing, close < 0 ? html.Length : close + 1);
    }

    private static string Tidy(string text)
    {
        var lines = text.Split('\u0001').Select(line => string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        var result = new StringBuilder();
        var blank = true;
        foreach (var line in lines)
        {
            if (line.Length > 0 || !blank)
            {
                result.Append(line).Append('\n');
            }

            blank = line.Length == 0;
        }

        return result.ToString().Trim();
    }
}
