using McpPortal.Data;

namespace McpPortal.Tests.Promises;

/// <summary>A user with an access key.</summary>
internal sealed record Person(UserId Id, string Key);
