using McpPortal.Ui;

namespace McpPortal.Clients;

/// <summary>What a client is set up for: an address of the portal, and the key when it can be shown.</summary>
/// <param name="Name">The client's name for the portal; letters, digits and hyphens, which every client takes.</param>
/// <param name="Address">Where its requests go.</param>
/// <param name="Key">The access key, right after it was made; otherwise null.</param>
internal sealed record ClientTarget(string Name, string Address, string? Key)
{
    /// <summary>Never the key.</summary>
    public override string ToString() => $"{Name} at {Address}";

    /// <param name="publicUrl">Where the portal is reached.</param>
    /// <param name="resource">The only server, or <c>set/</c> and the only toolset; null for all servers together.</param>
    /// <param name="key">The key, if it can be shown.</param>
    public static ClientTarget Of(PublicUrl publicUrl, string? resource, string? key) => resource is null
        ? new ClientTarget("mcpportal", publicUrl.Absolute("/mcp"), key)
        : new ClientTarget($"mcpportal-{resource.Replace('/', '-')}", publicUrl.Absolute($"/mcp/{resource}"), key);

    /// <summary>The value of the Authorization header: with the key, or with what the client puts the key in place of.</summary>
    public string Bearer(string placeholder) => $"Bearer {Key ?? placeholder}";
}
