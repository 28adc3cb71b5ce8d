using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>A named value for one server, write-only. Keyed by (owner, server, name).</summary>
[RowAccess(TableAccess.OwnedRows)]
public sealed class Secret
{
    public SecretId Id { get; init; } = SecretId.New();

    public OwnerKind OwnerKind { get; init; } = OwnerKind.User;

    public Guid OwnerId { get; init; }

    public Owner Owner => new(OwnerKind, OwnerId);

    public ServerId ServerId { get; init; }

    public required string Name { get; init; }

    public required Protected Value { get; set; }

    /// <summary>Moves with every replacement; part of the additional data and the concurrency token of the row.</summary>
    public long Generation { get; set; } = 1;

    /// <summary>The destination that the owner agreed to; another one suspends the secret.</summary>
    public required string Destination { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ChangedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<Secret>
    {
        public void Configure(EntityTypeBuilder<Secret> builder)
        {
            builder.ToTable("secrets");
            builder.Ignore(s => s.Owner);
            builder.Property(s => s.Name).HasMaxLength(128);
            builder.Property(s => s.Destination).HasMaxLength(500);
            builder.Property(s => s.Generation).IsConcurrencyToken();
            builder.HasIndex(s => new { s.OwnerKind, s.OwnerId, s.ServerId, s.Name }).IsUnique();
            builder.HasOne<Server>().WithMany().HasForeignKey(s => s.ServerId);
        }
    }
}
