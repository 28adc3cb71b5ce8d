using System.Text.Json.Nodes;
using McpPortal.Data;

namespace McpPortal.Gateway;

/// <summary>What several servers offer of one kind, under names that tell them apart.</summary>
/// <param name="Entries">Their definitions.</param>
/// <param name="Missing">Servers that did not list theirs.</param>
/// <param name="Warnings">A sentence for each of them.</param>
internal sealed record MergedList(IReadOnlyList<JsonObject> Entries, IReadOnlySet<ServerId> Missing, IReadOnlyList<string> Warnings);
