using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>Why a session is over. Stored by number.</summary>
public enum SessionEnd
{
    /// <summary>Its client ended it.</summary>
    Client = 1,

    /// <summary>Nobody used it for as long as a session may be unused.</summary>
    Idle = 2,

    /// <summary>Its user began one more than may be open at once.</summary>
    MadeRoom = 3,

    /// <summary>Its user ended it on a page.</summary>
    Owner = 4,

    /// <summary>An administrator ended it.</summary>
    Admin = 5,

    /// <summary>What its user may do changed: keys, grants, or the account itself.</summary>
    AccessChanged = 6,

    /// <summary>Its node heard nothing from the others and could not know whether the session still was one.</summary>
    OutOfTouch = 7,

    /// <summary>Its node was stopped.</summary>
    NodeStopped = 8,

    /// <summary>Its node is no more, or does not say that it is.</summary>
    NodeGone = 9,
}

/// <summary>
/// A session of an MCP client with the portal, of the revisions that have sessions. The id is the portal's own: the one by which the client
/// names its session is kept nowhere.
/// </summary>
[RowAccess(TableAccess.OwnRows)]
public sealed class ClientSession
{
    public const int MaxOpenedWith = 200;
    public const int MaxName = 100;
    public const int MaxVersion = 50;

    public ClientSessionId Id { get; init; } = ClientSessionId.New();

    public UserId UserId { get; init; }

    /// <summary>The access key that it was begun with, if it was one.</summary>
    public string? AccessKeyId { get; init; }

    /// <summary>The grant that it was begun with, if it was one.</summary>
    public ClientGrantId? GrantId { get; init; }

    /// <summary>The service key of the program that acts for the user in it, if one does. With none of the three it was a token of another issuer.</summary>
    public string? ServiceKeyId { get; init; }

    /// <summary>What that was called at the time.</summary>
    public required string OpenedWith { get; init; }

    /// <summary>What the client calls itself: its own words, which nobody checked.</summary>
    public string? ClientName { get; init; }

    public string? ClientVersion { get; init; }

    /// <summary>The revision of the protocol that both agreed on.</summary>
    public string? ProtocolVersion { get; init; }

    /// <summary>The endpoint: <c>/mcp</c>, <c>/mcp/{server}</c>, or <c>/mcp/set/{toolset}</c>.</summary>
    public required string Endpoint { get; init; }

    public NodeId NodeId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>A few seconds behind, as <see cref="InUse"/> is.</summary>
    public DateTimeOffset LastActiveAt { get; set; }

    /// <summary>Whether a request of it was being answered or its stream was open.</summary>
    public bool InUse { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public SessionEnd? EndReason { get; set; }

    /// <summary>The person who ended it, when it was one.</summary>
    public UserId? EndedBy { get; set; }

    public sealed class Map : IEntityTypeConfiguration<ClientSession>
    {
        public void Configure(EntityTypeBuilder<ClientSession> builder)
        {
            builder.ToTable("mcp_sessions");
            builder.Property(s => s.AccessKeyId).HasMaxLength(32);
            builder.Property(s => s.ServiceKeyId).HasMaxLength(32);
            builder.Property(s => s.OpenedWith).HasMaxLength(MaxOpenedWith);
            builder.Property(s => s.ClientName).HasMaxLength(MaxName);
            builder.Property(s => s.ClientVersion).HasMaxLength(MaxVersion);
            builder.Property(s => s.ProtocolVersion).HasMaxLength(20);
            builder.Property(s => s.Endpoint).HasMaxLength(100);
            builder.HasIndex(s => new { s.UserId, s.EndedAt });
            builder.HasIndex(s => s.EndedAt);
            builder.HasOne<User>().WithMany().HasForeignKey(s => s.UserId);
        }
    }
}
