using McpPortal.Data;

namespace McpPortal.Accounts;

/// <summary>A person's own account.</summary>
internal sealed record ProfileView(
    string Name,
    string? Email,
    bool EmailVerified,
    Roles Roles,
    DateTimeOffset CreatedAt,
    IReadOnlyList<ProfileIdentity> Identities,
    IReadOnlyList<ProfileSignIn> SignIns);

/// <summary>How an issuer knows the person.</summary>
internal sealed record ProfileIdentity(string Issuer, string Subject);

/// <summary>One browser that is signed in.</summary>
internal sealed record ProfileSignIn(SignInSessionId Id, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string? UserAgent);
