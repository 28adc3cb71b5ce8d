namespace McpPortal.Sandbox.McpServers;

internal sealed record VaultEntry(string Name, string Value);
