using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>One state change: who did what to which thing. Written in the transaction of the change itself.</summary>
[RowAccess(TableAccess.AppendAsSelf, UserColumn = "actor_id")]
public sealed class AuditEntry
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public DateTimeOffset At { get; init; }

    /// <summary>The user who acted; null when the portal itself or an operator at the command line did.</summary>
    public UserId? ActorId { get; init; }

    /// <summary>How the actor came: page, key, command line, hosted job.</summary>
    public required string Via { get; init; }

    public required string Action { get; init; }

    public required string SubjectKind { get; init; }

    public required string SubjectId { get; init; }

    /// <summary>The user whom the change concerns, if it is not the actor.</summary>
    public UserId? ConcernsUserId { get; init; }

    /// <summary>Small JSON object of public facts; values of credentials never, at most their keyed fingerprint.</summary>
    public string? Details { get; init; }

    public sealed class Map : IEntityTypeConfiguration<AuditEntry>
    {
        public void Configure(EntityTypeBuilder<AuditEntry> builder)
        {
            builder.ToTable("audit_entries");
            builder.Property(a => a.Via).HasMaxLength(64);
            builder.Property(a => a.Action).HasMaxLength(64);
            builder.Property(a => a.SubjectKind).HasMaxLength(32);
            builder.Property(a => a.SubjectId).HasMaxLength(128);
            builder.HasIndex(a => a.At);
            builder.HasIndex(a => a.ActorId);
            builder.HasIndex(a => a.ConcernsUserId);
        }
    }
}
