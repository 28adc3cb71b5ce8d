using McpPortal.Data;

namespace McpPortal.Servers;

/// <summary>Whether rules about one server of the organisation let a user use it.</summary>
internal static class ServerAccessRules
{
    /// <summary>One matching denial wins over every allowance; without any matching rule the server is hidden.</summary>
    public static bool Allow(IEnumerable<ServerAccess> rules, UserId user, IReadOnlySet<Guid> groups)
    {
        var allowed = false;
        foreach (var rule in rules.Where(rule => Matches(rule, user, groups)))
        {
            if (!rule.Allow)
            {
                return false;
            }

            allowed = true;
        }

        return allowed;
    }

    private static bool Matches(ServerAccess rule, UserId user, IReadOnlySet<Guid> groups) => rule.Subject switch
    {
        AccessSubject.Everyone => true,
        AccessSubject.Group => groups.Contains(rule.SubjectId),
        AccessSubject.User => rule.SubjectId == user.Value,
        // A kind of rule this version does not know must not open anything; see Allow.
        _ => !rule.Allow,
    };
}
