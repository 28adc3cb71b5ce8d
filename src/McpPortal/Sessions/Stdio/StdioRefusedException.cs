namespace McpPortal.Sessions.Stdio;

/// <summary>A program was not started, or could not be; the message is a sentence for people and holds no value of a variable.</summary>
internal sealed class StdioRefusedException : Exception
{
    public StdioRefusedException()
    {
    }

    public StdioRefusedException(string message)
        : base(message)
    {
    }

    public StdioRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
