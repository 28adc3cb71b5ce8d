using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>A running process of the portal.</summary>
[RowAccess(TableAccess.SystemOnly)]
public sealed class NodeRow
{
    public NodeId Id { get; init; } = NodeId.New();

    public required string Name { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset SeenAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<NodeRow>
    {
        public void Configure(EntityTypeBuilder<NodeRow> builder)
        {
            builder.ToTable("nodes");
            builder.Property(n => n.Name).HasMaxLength(200);
        }
    }
}
