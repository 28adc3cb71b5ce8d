namespace McpPortal.Admin;

/// <summary>What an administrator or auditor sees of everybody's sessions.</summary>
/// <param name="Sessions">Open ones first, at most <see cref="SessionsAdmin.MaxOpen"/> and <see cref="SessionsAdmin.MaxEnded"/>.</param>
/// <param name="Open">How many are open.</param>
/// <param name="MayEnd">Whether the actor administers; auditors only look.</param>
internal sealed record SessionsOverview(IReadOnlyList<PersonSession> Sessions, int Open, bool MayEnd);
