namespace McpPortal.Connections.Providers;

/// <summary>Whose account a token is of.</summary>
/// <param name="Id">Immutable id at the provider.</param>
/// <param name="Name">What its owner recognises it by.</param>
internal sealed record ProviderAccount(string Id, string Name);
