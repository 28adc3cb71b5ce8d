namespace McpPortal.Vault;

/// <summary>The root key in <c>MCPPORTAL_ROOT_KEY</c>. For trials: in Production only with <c>Vault:AllowEnvironmentKey</c>.</summary>
internal sealed class EnvironmentRootKey : IRootKeyProvider
{
    public const string Variable = "MCPPORTAL_ROOT_KEY";

    public string Description => $"environment variable {Variable}";

    public Task<RootKey> ReadAsync(CancellationToken cancellationToken) =>
        Task.FromResult(RootKey.Parse(Environment.GetEnvironmentVariable(Variable), $"The {Description}"));
}
