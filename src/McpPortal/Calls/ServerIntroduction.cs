using ModelContextProtocol.Protocol;

namespace McpPortal.Calls;

/// <summary>How a server introduces itself to one user.</summary>
/// <param name="Capabilities">What it can do.</param>
/// <param name="Instructions">How a model should use it, in the server's words.</param>
/// <param name="IsPerRequest">It speaks 2026-07-28 or later.</param>
internal sealed record ServerIntroduction(ServerCapabilities Capabilities, string? Instructions, bool IsPerRequest);
