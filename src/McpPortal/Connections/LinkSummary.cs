namespace McpPortal.Connections;

/// <summary>A link whose server has moved: what its owner agreed to, and where the server is now.</summary>
internal sealed record LinkSummary(string Need, string ProviderName, string Account, string AgreedTo, string Now);
