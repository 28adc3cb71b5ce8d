namespace McpPortal.Sandbox.State;

internal sealed record Issue(int Number, string Title, string Body, string Author, DateTimeOffset Created, IReadOnlyList<string> Labels);
