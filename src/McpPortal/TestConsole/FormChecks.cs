using System.Globalization;
using System.Text.RegularExpressions;

namespace McpPortal.TestConsole;

/// <summary>Says before a call, field by field, what its schema will not accept.</summary>
internal static partial class FormChecks
{
    private const int MatchMilliseconds = 100;
    private const int MaxNumberLength = 400;

    /// <summary>Notes the problem of each field; true when there is none.</summary>
    public static bool Check(FormNode root)
    {
        foreach (var node in root.All())
        {
            node.Problem = null;
        }

        CheckGroup(root);
        return !root.All().Any(node => node.Problem is not null);
    }

    public static bool IsNumber(string text) => text.Length <= MaxNumberLength && NumberShape().IsMatch(text);

    private static void CheckGroup(FormNode group)
    {
        foreach (var child in group.Children)
        {
            CheckNode(child);
        }
    }

    private static void CheckNode(FormNode node)
    {
        var field = node.Field;
        if (!node.HasValue)
        {
            // An optional group may stay away with everything that is required inside it.
            if (field.Required && !field.Nullable)
            {
                if (field.Kind is FieldKind.Group)
                {
                    CheckGroup(node);
                }
                else
                {
                    node.Problem = field.Kind == FieldKind.List ? Count(node) : "Fill this in; the tool needs it.";
                }
            }

            return;
        }

        if (node.AsJson)
        {
            node.Problem = Untrusted.Typed(node.Text) is null ? "This is not valid JSON."
                : field.Kind == FieldKind.Json ? null
                : $"This should be {Word(field.Kind)}.";
            return;
        }

        if (node.Text.Length == 0 && (node.GivenEmpty is { ValueKind: System.Text.Json.JsonValueKind.Null } || node.GivenEmpty is not null && field.Kind is FieldKind.Text or FieldKind.LongText))
        {
            return;
        }

        switch (field.Kind)
        {
            case FieldKind.Group:
                CheckGroup(node);
                break;
            case FieldKind.List:
                node.Problem = Count(node);
                CheckGroup(node);
                break;
            case FieldKind.Number or FieldKind.WholeNumber:
                node.Problem = Numeric(field, node.Text);
                break;
            case FieldKind.Choice:
                node.Problem = FormWriter.Chosen(node) is null ? "Choose one of the values." : null;
                break;
            case FieldKind.Boolean:
                node.Problem = node.Text is "true" or "false" ? null : "Choose yes or no.";
                break;
            default:
                node.Problem = Textual(field, node.Text);
                break;
        }
    }

    private static string? Numeric(SchemaField field, string text)
    {
        if (!IsNumber(text) || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
        {
            return field.Kind == FieldKind.WholeNumber ? "Write a whole number." : "Write a number, such as 12 or 0.5.";
        }

        if (field.Kind == FieldKind.WholeNumber && Math.Floor(number) != number)
        {
            return "Write a whole number.";
        }

        if (field.Min is { } min && (number < min || field.MinExcluded && number <= min))
        {
            return field.MinExcluded ? $"Write more than {Plain(min)}." : $"Write {Plain(min)} or more.";
        }

        return field.Max is { } max && (number > max || field.MaxExcluded && number >= max)
            ? field.MaxExcluded ? $"Write less than {Plain(max)}." : $"Write {Plain(max)} or less."
            : null;
    }

    private static string? Textual(SchemaField field, string text)
    {
        var length = text.EnumerateRunes().Count();
        if (field.MinLength is { } min && length < min)
        {
            return $"Write at least {Format(min, "character")}.";
        }

        if (field.MaxLength is { } max && length > max)
        {
            return $"Write at most {Format(max, "character")}.";
        }

        return field.Pattern is { } pattern && Mismatches(pattern, text) ? $"This does not have the form that the tool asks for: {Untrusted.Visible(pattern, 120)}" : null;
    }

    private static string? Count(FormNode list)
    {
        if (list.Field.MinLength is { } min && list.Children.Count < min)
        {
            return $"Add at least {Format(min, "item")}.";
        }

        return list.Field.MaxLength is { } max && list.Children.Count > max ? $"Keep at most {Format(max, "item")}." : null;
    }

    // A pattern comes from the server: one that is not understood here, or takes long, is left to the server to check.
    private static bool Mismatches(string pattern, string text)
    {
        try
        {
            return !Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(MatchMilliseconds));
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static string Word(FieldKind kind) => kind switch
    {
        FieldKind.Number => "a number",
        FieldKind.WholeNumber => "a whole number",
        FieldKind.Boolean => "true or false",
        FieldKind.Choice => "one of the values listed",
        FieldKind.List => "a list",
        FieldKind.Group => "an object",
        _ => "text",
    };

    private static string Plain(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static string Format(int count, string noun) => $"{count.ToString(CultureInfo.InvariantCulture)} {noun}{(count == 1 ? "" : "s")}";

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex NumberShape();
}
