namespace McpPortal.Connections;

/// <summary>How beginning a connect ended.</summary>
internal abstract record ConnectStart
{
    private ConnectStart()
    {
    }

    /// <summary>Send the person there.</summary>
    internal sealed record Redirect(Uri Address) : ConnectStart;

    /// <summary>No such provider, or not this person's connection.</summary>
    internal sealed record NotFound : ConnectStart;

    /// <summary>A server's destination is no longer what the page showed: show it again.</summary>
    internal sealed record DestinationMoved : ConnectStart;
}
