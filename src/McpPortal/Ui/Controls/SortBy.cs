namespace McpPortal.Ui.Controls;

/// <summary>One way to sort a list, with the words for it ("Last used").</summary>
public sealed record SortBy<T>(string Label, Func<T, IComparable?> Key, bool Descending = false);
