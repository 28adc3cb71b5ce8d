namespace McpPortal.Coordination;

/// <summary>What changed. Stored by number.</summary>
internal enum InvalidationKind
{
    /// <summary>A node missed messages: everybody forgets everything. Never stored.</summary>
    Everything = 0,

    /// <summary>Status or roles of a user. Subject: the user.</summary>
    User = 1,

    /// <summary>A sign-in ended. Subject: the sign-in session.</summary>
    SignIn = 2,

    /// <summary>Access keys of a user. Subject: the user.</summary>
    AccessKeys = 3,

    /// <summary>A server was added, edited, enabled, disabled or removed, or who may use it. Subject: the server.</summary>
    Server = 4,

    /// <summary>A connection was made, renewed or cut by its owner. Subject: the connection.</summary>
    Connection = 5,

    /// <summary>Credentials that a user's calls to servers use: secrets, links, confirmations. Subject: the user.</summary>
    Credentials = 6,

    /// <summary>An OAuth app of the organisation. Subject: the provider.</summary>
    Provider = 7,

    /// <summary>Group memberships of a user. Subject: the user.</summary>
    Groups = 8,

    /// <summary>A grant of a user's to an MCP client ended. Subject: the user.</summary>
    ClientGrants = 9,

    /// <summary>A session of an MCP client was ended from outside. Subject: the session.</summary>
    ClientSession = 10,

    /// <summary>A node was taken for gone, and what it held was given up. Subject: the node, which may be alive after all.</summary>
    Node = 11,

    /// <summary>Toolsets of a user. Subject: the user.</summary>
    Toolsets = 12,

    /// <summary>
    /// For whom programs may act: a service key was made or revoked (subject: its group), somebody switched a program on or off, or is known
    /// by another address (subject: the user).
    /// </summary>
    ActAs = 13,
}

/// <summary>One message to every node.</summary>
internal readonly record struct Invalidation(InvalidationKind Kind, Guid Subject);
