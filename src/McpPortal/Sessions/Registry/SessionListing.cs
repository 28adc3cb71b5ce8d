using McpPortal.Data;

namespace McpPortal.Sessions.Registry;

/// <summary>A session as pages show it.</summary>
public sealed record SessionListing
{
    /// <summary>Between two requests a client may think for a moment.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMinutes(1);

    public required ClientSessionId Id { get; init; }

    /// <summary>The client's own words.</summary>
    public string? Client { get; init; }

    public string? ClientVersion { get; init; }

    public string? ProtocolVersion { get; init; }

    public required string OpenedWith { get; init; }

    /// <summary>In words before <see cref="OpenedWith"/>.</summary>
    public required string OpenedBy { get; init; }

    public required string Endpoint { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required DateTimeOffset LastActiveAt { get; init; }

    public required bool InUse { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public SessionEnd? End { get; init; }

    public bool IsOpen => EndedAt is null;

    public SessionState State(DateTimeOffset now) => !IsOpen ? SessionState.Ended : InUse || now - LastActiveAt < Moment ? SessionState.Active : SessionState.Idle;

    public static SessionListing Of(ClientSession session) => new()
    {
        Id = session.Id,
        Client = session.ClientName,
        ClientVersion = session.ClientVersion,
        ProtocolVersion = session.ProtocolVersion,
        OpenedWith = session.OpenedWith,
        OpenedBy = session switch
        {
            { AccessKeyId: not null } => "opened with the key",
            { GrantId: not null } => "opened with the sign-in of",
            { ServiceKeyId: not null } => "opened by the program",
            _ => "opened with a token for",
        },
        Endpoint = session.Endpoint,
        Since = session.CreatedAt,
        LastActiveAt = session.LastActiveAt,
        InUse = session.InUse,
        EndedAt = session.EndedAt,
        End = session.EndReason,
    };
}
