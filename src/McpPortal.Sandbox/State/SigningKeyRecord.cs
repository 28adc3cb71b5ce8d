namespace McpPortal.Sandbox.State;

internal sealed record SigningKeyRecord(string Id, string Algorithm, string Pem, bool Active = true);
