namespace McpPortal.Outbound;

/// <summary>The portal itself refused a request before or while connecting; the message is a sentence fit for people and names the host only.</summary>
/// <remarks>An <see cref="HttpRequestException"/>, so that libraries that are handed our client treat it as an unreachable host.</remarks>
public sealed class OutboundRefusedException : HttpRequestException
{
    public OutboundRefusedException()
        : this("The portal may not contact this host.")
    {
    }

    public OutboundRefusedException(string message)
        : base(message)
    {
    }

    public OutboundRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
