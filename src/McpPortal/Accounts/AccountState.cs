using McpPortal.Data;

namespace McpPortal.Accounts;

/// <summary>What is true now of a live sign-in: who it is and what they may do.</summary>
internal sealed record AccountState(SignInSessionId Session, UserId User, string Name, string? Email, Roles Roles, DateTimeOffset ExpiresAt);
