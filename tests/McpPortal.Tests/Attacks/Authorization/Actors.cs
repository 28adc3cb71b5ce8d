using McpPortal.Data;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>Who tries. The disabled one is an administrator: nothing of what they were helps them.</summary>
internal sealed record Actors(UserId Owner, UserId Other, UserId Disabled, UserId Admin, UserId Auditor)
{
    public static IReadOnlyList<string> Names { get; } = ["owner", "other", "disabled", "admin", "auditor"];

    public UserId this[int index] => index switch { 0 => Owner, 1 => Other, 2 => Disabled, 3 => Admin, _ => Auditor };
}
