namespace McpPortal.Accounts;

/// <summary>What came of an administrator's change of a user.</summary>
internal enum UserChange
{
    Done,
    Unchanged,
    NotFound,

    /// <summary>Refused: nobody could administer the portal afterwards.</summary>
    LastAdmin,
}
