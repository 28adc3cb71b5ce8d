namespace McpPortal.Clients.Issuers;

/// <summary>Configuration section <c>Access</c>: who may call beside the portal's own keys and tokens.</summary>
internal sealed class AccessOptions
{
    public const string Section = "Access";

    /// <summary>Issuers whose tokens are taken at <c>/mcp</c>.</summary>
    public IList<IssuerSettings> Issuers { get; init; } = [];
}
