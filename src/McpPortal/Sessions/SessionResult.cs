namespace McpPortal.Sessions;

/// <summary>A session, or why there is none.</summary>
internal abstract record SessionResult
{
    private SessionResult()
    {
    }

    public sealed record Opened(UpstreamSession Session) : SessionResult;

    /// <summary>The server could not be reached or did not speak MCP.</summary>
    public sealed record Unreachable(string Sentence) : SessionResult;

    /// <summary>The portal will not open it: a limit, or a program that may not run.</summary>
    public sealed record Refused(string Sentence) : SessionResult;

    /// <summary>The server refused the credential.</summary>
    public sealed record NeedsOwner(string Sentence, string Path) : SessionResult;

    public sealed record TimedOut(string Sentence) : SessionResult;

    /// <summary>The portal itself cannot at the moment; nothing was sent.</summary>
    public sealed record Paused(string Sentence) : SessionResult;
}
