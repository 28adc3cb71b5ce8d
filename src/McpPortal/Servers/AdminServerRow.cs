namespace McpPortal.Servers;

/// <summary>One server of the organisation, for administrators.</summary>
internal sealed record AdminServerRow
{
    public required ServerSnapshot Server { get; init; }

    public required IReadOnlyList<NamedRule> Access { get; init; }

    public required int PeopleWithCredentials { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>An access rule with the name of whom it is about.</summary>
internal sealed record NamedRule(AccessRule Rule, string Name);
