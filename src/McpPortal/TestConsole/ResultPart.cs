namespace McpPortal.TestConsole;

/// <summary>One block of a tool's result, as far as it can be shown.</summary>
public abstract record ResultPart
{
    private ResultPart()
    {
    }

    /// <summary>Plain text; <paramref name="Label"/> says where it comes from when it is an embedded resource.</summary>
    public sealed record Words(string Text, string? Label = null) : ResultPart;

    /// <param name="Source">A data: address of a kind that cannot hold scripts.</param>
    /// <param name="Bytes">Its size.</param>
    public sealed record Picture(string Source, int Bytes) : ResultPart;

    /// <param name="Name">The server's name for it.</param>
    /// <param name="Address">As the server wrote it.</param>
    /// <param name="Web">True when a browser may follow it.</param>
    /// <param name="Description">The server's words.</param>
    public sealed record Link(string Name, string Address, bool Web, string? Description) : ResultPart;

    /// <summary>Something that is not shown, with the reason.</summary>
    public sealed record Other(string Sentence) : ResultPart;
}
