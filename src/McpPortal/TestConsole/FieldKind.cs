namespace McpPortal.TestConsole;

/// <summary>How a value is typed in.</summary>
public enum FieldKind
{
    Text,
    LongText,
    Number,
    WholeNumber,
    Boolean,
    Choice,
    List,
    Group,

    /// <summary>Whatever the form has no better way for: typed as JSON.</summary>
    Json,
}
