using System.Text.Json;

namespace McpPortal.TestConsole;

/// <summary>One value that a JSON schema asks for, as a form needs it. Made by <see cref="SchemaFields"/>.</summary>
public sealed record SchemaField
{
    /// <summary>The member's exact name.</summary>
    public required string Name { get; init; }

    public required FieldKind Kind { get; init; }

    public string? Title { get; init; }

    public string? Description { get; init; }

    public bool Required { get; init; }

    /// <summary>null is a value too.</summary>
    public bool Nullable { get; init; }

    /// <summary>Undefined when there is none.</summary>
    public JsonElement Default { get; init; }

    public IReadOnlyList<FieldChoice> Choices { get; init; } = [];

    public string? Format { get; init; }

    public string? Pattern { get; init; }

    public double? Min { get; init; }

    public double? Max { get; init; }

    /// <summary><see cref="Min"/> itself is too small.</summary>
    public bool MinExcluded { get; init; }

    public bool MaxExcluded { get; init; }

    /// <summary>Characters of a text, items of a list.</summary>
    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    /// <summary>What each item of a list looks like.</summary>
    public SchemaField? Item { get; init; }

    /// <summary>Members of a group.</summary>
    public IReadOnlyList<SchemaField> Fields { get; init; } = [];

    /// <summary>There are more members than a form can hold; they are typed as JSON.</summary>
    public bool HasMore { get; init; }

    /// <summary>Why this is typed as JSON, where that may surprise.</summary>
    public string? Note { get; init; }
}

/// <summary>One value of a closed list.</summary>
public sealed record FieldChoice(JsonElement Value, string Label);
