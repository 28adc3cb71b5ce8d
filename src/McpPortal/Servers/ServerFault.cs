namespace McpPortal.Servers;

/// <summary>What is wrong with one field of a draft, as a sentence to show beside it.</summary>
/// <param name="Field">Property of <see cref="ServerDraft"/>.</param>
/// <param name="Sentence">What to write instead.</param>
internal sealed record ServerFault(string Field, string Sentence);
