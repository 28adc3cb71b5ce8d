using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>The one row that names this installation and holds the record that proves the root key.</summary>
[RowAccess(TableAccess.SystemOnly)]
public sealed class Installation
{
    /// <summary>Always 1.</summary>
    public int Id { get; init; } = 1;

    /// <summary>Part of every record's additional data: records of another installation do not open here.</summary>
    public Guid InstallId { get; init; }

    /// <summary>A known text, encrypted: it opens only with the right root key and ring.</summary>
    public required byte[] Canary { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public sealed class Map : IEntityTypeConfiguration<Installation>
    {
        public void Configure(EntityTypeBuilder<Installation> builder)
        {
            builder.ToTable("installation");
            builder.Property(i => i.Id).ValueGeneratedNever();
            builder.Property(i => i.Canary).HasMaxLength(256);
        }
    }
}
