using System.Globalization;
using System.Text;

namespace McpPortal.Servers;

/// <summary>Rules for what servers are called, in addresses and on pages.</summary>
internal static class ServerNames
{
    public const int MaxSlug = 40;
    public const int MaxName = 100;
    public const int MaxDescription = 1000;

    // Segments of the gateway's own paths and of the page that adds one.
    private static readonly string[] Reserved = ["tool", "set", "new"];

    /// <returns>A sentence that says what to write, or null.</returns>
    public static string? SlugRefusal(string slug)
    {
        if (slug.Length is 0 or > MaxSlug || !slug.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            return $"Use 1 to {MaxSlug} of the characters a to z, 0 to 9 and -.";
        }

        return Reserved.Contains(slug, StringComparer.Ordinal) ? $"The portal uses '{slug}' itself. Choose another one." : null;
    }

    public static string? NameRefusal(string name) =>
        name.Length == 0 ? "Give it a name that people recognise."
        : name.Length > MaxName ? $"Use at most {MaxName} characters."
        : Invisible(name, breaks: false) ? "Use only characters that can be seen."
        : null;

    public static string? DescriptionRefusal(string? description) =>
        description is null ? null
        : description.Length > MaxDescription ? $"Use at most {MaxDescription} characters."
        : Invisible(description, breaks: true) ? "Use only characters that can be seen."
        : null;

    /// <summary>One spelling of what looks the same, without space around it.</summary>
    public static string Tidy(string? text)
    {
        try
        {
            return (text ?? "").Trim().Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            // A lone surrogate; the rules refuse it.
            return text ?? "";
        }
    }

    /// <summary>Control characters, and those that turn the direction of text or hide in it.</summary>
    private static bool Invisible(string text, bool breaks)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            var joins = rune.Value is 0x200D; // inside emoji
            if (rune == Rune.ReplacementChar
                || category is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
                || (category == UnicodeCategory.Control && !(breaks && rune.Value is '\n' or '\r' or '\t'))
                || (category == UnicodeCategory.Format && !joins))
            {
                return true;
            }
        }

        return false;
    }
}
