using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>Tells every node, within two seconds, that something it may remember is no longer so.</summary>
[RowAccess(TableAccess.AppendAll)]
public sealed class InvalidationRow
{
    public long Id { get; init; }

    public int Kind { get; init; }

    public Guid Subject { get; init; }

    /// <summary>Set by the database's clock: the nodes' clocks may differ.</summary>
    public DateTimeOffset At { get; init; }

    public sealed class Map : IEntityTypeConfiguration<InvalidationRow>
    {
        public void Configure(EntityTypeBuilder<InvalidationRow> builder)
        {
            builder.ToTable("invalidations");
            builder.HasIndex(i => i.At);
        }
    }
}
