namespace McpPortal.Sandbox.McpServers;

/// <summary>Endpoint metadata: how a sample server knows its caller, and what it answers otherwise.</summary>
internal sealed record CallerCheck(Func<HttpContext, McpCaller?> Identify, string Challenge);
