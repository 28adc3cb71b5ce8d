namespace McpPortal.Sessions.Registry;

/// <summary>What happens when somebody who has as many sessions as they may begins another one.</summary>
internal enum AtMaximum
{
    /// <summary>The one unused longest ends; when all are in use, the new one is refused.</summary>
    EndOldestIdle,

    /// <summary>The new one is refused.</summary>
    Refuse,
}
