using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>A key with which a program acts for its owner. Only a keyed hash of it is kept.</summary>
[RowAccess(TableAccess.OwnRows)]
public sealed class AccessKey
{
    /// <summary>The public part of the key, by which it is looked up.</summary>
    public required string Id { get; init; }

    public UserId UserId { get; init; }

    public required string Name { get; set; }

    public required byte[] Hash { get; init; }

    /// <summary>Servers the key may use; null means every server its owner may use.</summary>
    public IReadOnlyList<ServerId>? Servers { get; init; }

    /// <summary>Toolsets the key may use, and nothing else; null means it is not limited to any.</summary>
    public IReadOnlyList<ToolsetId>? Toolsets { get; init; }

    /// <summary>Only tools that declare themselves read-only.</summary>
    public bool ReadOnly { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public string? LastUsedFrom { get; set; }

    public sealed class Map : IEntityTypeConfiguration<AccessKey>
    {
        public void Configure(EntityTypeBuilder<AccessKey> builder)
        {
            builder.ToTable("access_keys");
            builder.Property(k => k.Id).HasMaxLength(32);
            builder.Property(k => k.Name).HasMaxLength(200);
            builder.Property(k => k.Hash).HasMaxLength(32);
            builder.Property(k => k.LastUsedFrom).HasMaxLength(64);
            builder.Property(k => k.Servers).HasJsonConversion();
            builder.Property(k => k.Toolsets).HasJsonConversion();
            builder.HasIndex(k => k.UserId);
            builder.HasOne<User>().WithMany().HasForeignKey(k => k.UserId);
        }
    }
}
