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
    /// <param name="server">Short name of the only server; null for all of them together.</param>
    /// <param name="key">The key, if it can be shown.</param>
    public static ClientTarget Of(PublicUrl publicUrl, string? server, string? key) => server is null
        ? new ClientTarget("mcpportal", publicUrl.Absolute("/mcp"), key)
        : new ClientTarget($"mcpportal-{server}", publicUrl.Absolute($"/mcp/{server}"), key);

    /// <summary>The value of the Authorization header: with the key, or with what the client puts the key in place of.</summary>
    public string Bearer(string placeholder) => $"Bearer {Key ?? placeholder}";
}
