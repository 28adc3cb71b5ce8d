namespace McpPortal.Data;

/// <summary>Declares who may touch a table; <see cref="RowSecurity"/> turns it into grants and policies.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RowAccessAttribute(TableAccess access) : Attribute
{
    public TableAccess Access { get; } = access;

    /// <summary>The column that names the user a row belongs to.</summary>
    public string UserColumn { get; init; } = "user_id";
}
