using System.Text.Json;

namespace McpPortal.TestConsole;

/// <summary>A list of flat objects as rows and columns.</summary>
public sealed record ResultTable(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows, int Total)
{
    private const int MaxRows = 500;
    private const int MaxColumns = 16;
    private const int MaxCell = 300;

    /// <summary>Of the list itself, or of the only list in an object; null when it is not a list of flat objects.</summary>
    internal static ResultTable? From(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.Array => FromList(value),
                JsonValueKind.Object when value.EnumerateObject().Take(8).Where(member => member.Value.ValueKind == JsonValueKind.Array).Take(2).ToList() is [var only] => FromList(only.Value),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            return null; // text in it is not valid Unicode
        }
    }

    private static ResultTable? FromList(JsonElement list)
    {
        var columns = new List<string>();
        var rows = new List<Dictionary<string, string>>();
        foreach (var item in list.EnumerateArray().Take(MaxRows))
        {
            if (item.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            var row = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var member in item.EnumerateObject())
            {
                if (!IsFlat(member.Value))
                {
                    return null;
                }

                if (!columns.Contains(member.Name))
                {
                    if (columns.Count == MaxColumns)
                    {
                        return null; // no longer something to be read as a table
                    }

                    columns.Add(member.Name);
                }

                row[member.Name] = Cell(member.Value);
            }

            rows.Add(row);
        }

        return rows.Count == 0 || columns.Count == 0
            ? null
            : new ResultTable([.. columns], [.. rows.Select(row => columns.Select(column => row.GetValueOrDefault(column, "")).ToList())], list.GetArrayLength());
    }

    private static bool IsFlat(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => false,
        JsonValueKind.Array => value.GetArrayLength() <= 8 && value.EnumerateArray().All(item => item.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)),
        _ => true,
    };

    private static string Cell(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Untrusted.Visible(value.GetString()!, MaxCell),
        JsonValueKind.Null => "",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array => Untrusted.Visible(string.Join(", ", value.EnumerateArray().Select(Cell)), MaxCell),
        _ => Untrusted.Visible(value.GetRawText(), MaxCell),
    };
}
