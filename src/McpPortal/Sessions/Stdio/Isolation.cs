namespace McpPortal.Sessions.Stdio;

/// <summary>What keeps a child apart from the portal and from other people's children, strongest first.</summary>
internal enum Isolation
{
    /// <summary>A user id of its own inside its own PID, mount and IPC namespaces; needs a portal that runs as root.</summary>
    OwnUser,

    /// <summary>Its own user, PID, mount and IPC namespaces; needs unprivileged user namespaces.</summary>
    OwnNamespaces,

    /// <summary>Nothing works here: the child runs as the portal's user and sees what that user sees.</summary>
    None,
}
