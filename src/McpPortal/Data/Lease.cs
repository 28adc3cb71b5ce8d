using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>A hosted job that one node at a time may do. Times are the database's.</summary>
[RowAccess(TableAccess.SystemOnly)]
public sealed class Lease
{
    public required string Name { get; init; }

    public Guid Holder { get; set; }

    public DateTimeOffset Until { get; set; }

    public long Fence { get; set; }

    public sealed class Map : IEntityTypeConfiguration<Lease>
    {
        public void Configure(EntityTypeBuilder<Lease> builder)
        {
            builder.ToTable("leases");
            builder.HasKey(l => l.Name);
            builder.Property(l => l.Name).HasMaxLength(100);
        }
    }
}
