using McpPortal.Data;
using McpPortal.Servers;

namespace McpPortal.Toolsets;

/// <summary>A server on the page that puts a toolset together, and what is picked of it.</summary>
public sealed class PickedServer
{
    private PickedServer(ServerId id, string name, string? slug) => (Id, Name, Slug) = (id, name, slug);

    public ServerId Id { get; }

    public string Name { get; }

    /// <summary>Short name; null when the person may not use the server now.</summary>
    public string? Slug { get; }

    public bool Picked { get; set; }

    public bool AllTools { get; set; } = true;

    public ISet<string> Tools { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>What it offers, once it was asked.</summary>
    public IReadOnlyList<OfferedTool>? Offered { get; set; }

    /// <summary>Why it could not be asked.</summary>
    public string? Problem { get; set; }

    internal ToolsetChoice Choice => new(Id, AllTools ? null : [.. Tools]);

    /// <summary>What it offers, and what was picked although it is not offered.</summary>
    public IEnumerable<OfferedTool> Known => (Offered ?? [])
        .Concat(Tools.Where(tool => Offered?.Any(offered => offered.Name == tool) != true).Select(tool => new OfferedTool(tool, Offered is null ? null : "Not offered now.")))
        .OrderBy(tool => tool.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The person's servers, and those of the set that are theirs no more.</summary>
    internal static IReadOnlyList<PickedServer> Of(IReadOnlyList<ServerSnapshot> servers, ToolsetSnapshot? set)
    {
        List<PickedServer> rows = [.. servers.Select(server => new PickedServer(server.Id, server.Name, server.Slug))];
        foreach (var part in set?.Parts ?? [])
        {
            var row = rows.Find(row => row.Id == part.Server);
            if (row is null)
            {
                rows.Add(row = new PickedServer(part.Server, part.ServerName, null));
            }

            (row.Picked, row.AllTools) = (true, part.Tools is null);
            row.Tools.UnionWith(part.Tools ?? Enumerable.Empty<string>());
        }

        return rows;
    }
}
