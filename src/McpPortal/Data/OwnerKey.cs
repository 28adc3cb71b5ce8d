using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>The key of one owner, wrapped by the ring. Deleting the row makes everything of that owner unreadable.</summary>
[RowAccess(TableAccess.SystemOnly)]
public sealed class OwnerKey
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public OwnerKind OwnerKind { get; init; }

    public Guid OwnerId { get; init; }

    public Owner Owner => new(OwnerKind, OwnerId);

    public Guid RingKeyId { get; set; }

    public required byte[] Wrapped { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public sealed class Map : IEntityTypeConfiguration<OwnerKey>
    {
        public void Configure(EntityTypeBuilder<OwnerKey> builder)
        {
            builder.ToTable("owner_keys");
            builder.Ignore(k => k.Owner);
            builder.Property(k => k.Wrapped).HasMaxLength(256);
            builder.HasIndex(k => new { k.OwnerKind, k.OwnerId }).IsUnique();
            builder.HasOne<RingKey>().WithMany().HasForeignKey(k => k.RingKeyId);
        }
    }
}
