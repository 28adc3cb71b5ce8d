namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>What an actor got when using the owner's ids.</summary>
internal enum Answer
{
    /// <summary>It was done, or shown.</summary>
    Yes,

    /// <summary>As if there were nothing.</summary>
    No,

    /// <summary>Told that it is not allowed.</summary>
    Refused,
}
