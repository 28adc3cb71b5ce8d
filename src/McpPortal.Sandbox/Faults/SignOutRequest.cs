namespace McpPortal.Sandbox.Faults;

public sealed record SignOutRequest(string User);
