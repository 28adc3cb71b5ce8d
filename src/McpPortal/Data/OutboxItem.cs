using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>
/// Work towards the outside that must not be lost, such as revoking a token at its provider. People add to it in the transaction of
/// their own disconnect; hosted work carries it out.
/// </summary>
[RowAccess(TableAccess.OwnedRows)]
public sealed class OutboxItem
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public required string Kind { get; init; }

    public OwnerKind OwnerKind { get; init; }

    public Guid OwnerId { get; init; }

    public Owner Owner => new(OwnerKind, OwnerId);

    /// <summary>What the work is about, such as a connection.</summary>
    public Guid SubjectId { get; init; }

    /// <summary>Credential the work needs; subject is <see cref="Id"/>, generation 1.</summary>
    public Protected? Payload { get; init; }

    /// <summary>Public parameters as JSON.</summary>
    public string? Parameters { get; init; }

    public int Attempts { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset NextAttemptAt { get; set; }

    /// <summary>When the work is given up.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    public string? LastError { get; set; }

    public sealed class Map : IEntityTypeConfiguration<OutboxItem>
    {
        public void Configure(EntityTypeBuilder<OutboxItem> builder)
        {
            builder.ToTable("outbox");
            builder.Ignore(o => o.Owner);
            builder.Property(o => o.Kind).HasMaxLength(64);
            builder.Property(o => o.LastError).HasMaxLength(500);
            builder.HasIndex(o => o.NextAttemptAt);
        }
    }
}
