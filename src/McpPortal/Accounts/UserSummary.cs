using McpPortal.Data;

namespace McpPortal.Accounts;

/// <summary>One line of the list of people.</summary>
internal sealed record UserSummary(
    UserId Id, string Name, string? Email, bool EmailVerified, UserStatus Status, Roles Roles, Roles GrantedRoles, DateTimeOffset CreatedAt, DateTimeOffset? LastSignInAt);
