using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>How a toolset shows its tools to AI clients.</summary>
public enum ToolsetMode
{
    /// <summary>Each tool in the list.</summary>
    List = 1,

    /// <summary>Two tools that find the others and run them, so that a large set does not fill a model's context.</summary>
    Search = 2,
}

/// <summary>Tools that a person put together for a purpose. AI clients find them at an endpoint of their own.</summary>
[RowAccess(TableAccess.OwnRows)]
public sealed class Toolset
{
    public ToolsetId Id { get; init; } = ToolsetId.New();

    public UserId UserId { get; init; }

    /// <summary>Name in the address; unique among its owner's.</summary>
    public required string Name { get; set; }

    public string? Description { get; set; }

    public ToolsetMode Mode { get; set; } = ToolsetMode.List;

    /// <summary>Counts edits.</summary>
    public long Version { get; set; } = 1;

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<Toolset>
    {
        public void Configure(EntityTypeBuilder<Toolset> builder)
        {
            builder.ToTable("toolsets");
            builder.Property(t => t.Name).HasMaxLength(64);
            builder.Property(t => t.Description).HasMaxLength(1000);
            builder.Property(t => t.Version).IsConcurrencyToken();
            builder.HasIndex(t => new { t.UserId, t.Name }).IsUnique();
            builder.HasOne<User>().WithMany().HasForeignKey(t => t.UserId);
        }
    }
}
