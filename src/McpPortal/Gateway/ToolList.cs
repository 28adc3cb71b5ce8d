using System.Text.Json.Nodes;
using McpPortal.Data;

namespace McpPortal.Gateway;

/// <summary>The tools of several servers, named <c>server__tool</c>.</summary>
/// <param name="Tools">Their definitions.</param>
/// <param name="Missing">Servers that did not list theirs.</param>
/// <param name="Warnings">A sentence for each of them.</param>
internal sealed record ToolList(IReadOnlyList<JsonObject> Tools, IReadOnlySet<ServerId> Missing, IReadOnlyList<string> Warnings);
