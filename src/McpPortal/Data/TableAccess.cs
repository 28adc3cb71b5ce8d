namespace McpPortal.Data;

/// <summary>What the role bound by row-level security may do with a table. Each table declares exactly one.</summary>
internal enum TableAccess
{
    /// <summary>Hosted work only.</summary>
    SystemOnly,

    /// <summary>Everybody may read, nobody may write.</summary>
    ReadAll,

    /// <summary>Everything, on rows whose user column is the current user.</summary>
    OwnRows,

    /// <summary>Read only, on rows whose user column is the current user.</summary>
    OwnRowsReadOnly,

    /// <summary>owner_kind/owner_id: full access to what the user owns, read access to what a group of theirs or the organisation owns.</summary>
    OwnedRows,

    /// <summary>Insert as the current user and read that back.</summary>
    AppendAsSelf,

    /// <summary>Insert and read, no row is anybody's.</summary>
    AppendAll,
}
