namespace McpPortal.Data;

/// <summary>Who owns a credential or a server. Stored by number: never renumber.</summary>
public enum OwnerKind
{
    User = 1,
    Group = 2,
    Organisation = 3,

    /// <summary>The portal itself: client secrets of OAuth apps and the like.</summary>
    System = 4,
}

/// <summary>Exactly one user, group, organisation or the portal itself. Part of a record's additional data and of the key table.</summary>
public readonly record struct Owner(OwnerKind Kind, Guid Id)
{
    public static Owner Organisation { get; } = new(OwnerKind.Organisation, Guid.Empty);

    public static Owner System { get; } = new(OwnerKind.System, Guid.Empty);

    public static Owner Of(UserId user) => new(OwnerKind.User, user.Value);

    public static Owner Of(GroupId group) => new(OwnerKind.Group, group.Value);

    public override string ToString() => $"{Kind}:{Id}";
}
