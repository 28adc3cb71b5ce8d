using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>How a wish for a newer token ended.</summary>
internal abstract record RefreshOutcome
{
    private RefreshOutcome()
    {
    }

    /// <summary>The row as it is now, with a token that is good.</summary>
    internal sealed record Current(Connection Row) : RefreshOutcome;

    /// <summary>Only the owner can help.</summary>
    internal sealed record NeedsOwner : RefreshOutcome;

    /// <summary>Disconnected meanwhile.</summary>
    internal sealed record Gone : RefreshOutcome;

    /// <summary>Not now.</summary>
    internal sealed record Unavailable(string Sentence) : RefreshOutcome;
}
