using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>People who share access and, where somebody chose so, credentials.</summary>
[RowAccess(TableAccess.ReadAll)]
public sealed class Group
{
    public GroupId Id { get; init; } = GroupId.New();

    public required string Name { get; set; }

    /// <summary>Value of the identity provider's groups claim that makes somebody a member; null for groups kept by hand.</summary>
    public string? ClaimValue { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public sealed class Map : IEntityTypeConfiguration<Group>
    {
        public void Configure(EntityTypeBuilder<Group> builder)
        {
            builder.ToTable("groups");
            builder.Property(g => g.Name).HasMaxLength(200);
            builder.Property(g => g.ClaimValue).HasMaxLength(400);
            builder.HasIndex(g => g.Name).IsUnique();
        }
    }
}
