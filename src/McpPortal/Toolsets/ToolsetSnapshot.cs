using System.Collections.Frozen;
using McpPortal.Data;

namespace McpPortal.Toolsets;

/// <summary>A toolset as it was at one version; never changed. It says what was chosen, not what its owner may use now.</summary>
internal sealed class ToolsetSnapshot(Toolset set, IEnumerable<ToolsetServer> servers)
{
    private readonly FrozenDictionary<ServerId, ToolsetPart> _parts = servers.ToFrozenDictionary(
        row => row.ServerId, row => new ToolsetPart(row.ServerId, row.ServerName, row.Tools?.ToFrozenSet(StringComparer.Ordinal)));

    public ToolsetId Id { get; } = set.Id;

    /// <summary>Its name, which ends its address.</summary>
    public string Name { get; } = set.Name;

    public string? Description { get; } = set.Description;

    public ToolsetMode Mode { get; } = set.Mode;

    public long Version { get; } = set.Version;

    public DateTimeOffset UpdatedAt { get; } = set.UpdatedAt;

    public string Path => PathOf(Name);

    public IEnumerable<ToolsetPart> Parts => _parts.Values.OrderBy(part => part.ServerName, StringComparer.OrdinalIgnoreCase).ThenBy(part => part.Server.Value);

    public static string PathOf(string name) => $"/mcp/set/{name}";

    public bool Has(ServerId server) => _parts.ContainsKey(server);

    public bool Has(ServerId server, string tool) => _parts.TryGetValue(server, out var part) && part.Has(tool);
}
