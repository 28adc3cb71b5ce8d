using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>
/// A key with which a program of the organisation acts for members of one group, each of whom has to allow it (<see cref="ActAsConsent"/>).
/// It stands for nobody by itself. Only a keyed hash of it is kept.
/// </summary>
[RowAccess(TableAccess.SystemOnly)]
public sealed class ServiceKey
{
    /// <summary>The public part of the key, by which it is looked up.</summary>
    public required string Id { get; init; }

    /// <summary>The program, as the people it acts for know it.</summary>
    public required string Name { get; init; }

    public required byte[] Hash { get; init; }

    public GroupId GroupId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<ServiceKey>
    {
        public void Configure(EntityTypeBuilder<ServiceKey> builder)
        {
            builder.ToTable("service_keys");
            builder.Property(k => k.Id).HasMaxLength(32);
            builder.Property(k => k.Name).HasMaxLength(200);
            builder.Property(k => k.Hash).HasMaxLength(32);
            builder.HasIndex(k => k.GroupId);
            builder.HasOne<Group>().WithMany().HasForeignKey(k => k.GroupId);
        }
    }
}
