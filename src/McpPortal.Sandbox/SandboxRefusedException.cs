namespace McpPortal.Sandbox;

/// <summary>The sandbox does not start here; the message says what to change.</summary>
public sealed class SandboxRefusedException(string message) : Exception(message);
