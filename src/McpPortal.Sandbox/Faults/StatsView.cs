namespace McpPortal.Sandbox.Faults;

/// <summary>Answer of <c>GET /sandbox/stats</c>.</summary>
/// <param name="Requests">By endpoint name, failed ones included.</param>
/// <param name="Accounts">By <c>provider:account</c>: <c>codes</c>, <c>refreshes</c>, <c>refused</c>, <c>revocations</c>.</param>
/// <param name="Servers">By sample MCP server: <c>sessions</c> (initialize), <c>calls</c>.</param>
/// <param name="FamiliesRevoked">Token families ended, for whatever reason.</param>
/// <param name="ReuseDetected">Of these, ended because a retired refresh token was presented.</param>
/// <param name="LiveFamilies">Token families not revoked, by <c>provider:account</c>.</param>
public sealed record StatsView(
    IReadOnlyDictionary<string, long> Requests,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Accounts,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Servers,
    long FamiliesRevoked,
    long ReuseDetected,
    IReadOnlyDictionary<string, int> LiveFamilies);
