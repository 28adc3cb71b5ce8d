using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>One server in a toolset, with all of its tools or with some. It stays when its owner loses the server, so that they can be told.</summary>
[RowAccess(TableAccess.OwnRows)]
public sealed class ToolsetServer
{
    public ToolsetId ToolsetId { get; init; }

    public UserId UserId { get; init; }

    public ServerId ServerId { get; init; }

    /// <summary>What the server was called when it was last chosen; whoever lost it cannot look it up.</summary>
    public required string ServerName { get; set; }

    /// <summary>The chosen tools by their names at the server; null means all, those that it adds later too.</summary>
    public IReadOnlyList<string>? Tools { get; set; }

    public sealed class Map : IEntityTypeConfiguration<ToolsetServer>
    {
        public void Configure(EntityTypeBuilder<ToolsetServer> builder)
        {
            builder.ToTable("toolset_servers");
            builder.HasKey(s => new { s.ToolsetId, s.ServerId });
            builder.Property(s => s.ServerName).HasMaxLength(200);
            builder.Property(s => s.Tools).HasJsonConversion();

            // With the owner in the key nobody can put a row of theirs into somebody else's set.
            builder.HasOne<Toolset>().WithMany().HasForeignKey(s => new { s.ToolsetId, s.UserId }).HasPrincipalKey(t => new { t.Id, t.UserId });
        }
    }
}
