namespace McpPortal.Sandbox.Faults;

/// <summary>Endpoint metadata: the name under which faults are switched and requests counted.</summary>
internal sealed record FaultPoint(string Name);
