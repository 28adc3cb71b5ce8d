using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>An MCP client that may ask people for access: one that registered itself, or one that publishes a document about itself.</summary>
[RowAccess(TableAccess.SystemOnly)]
public sealed class RegisteredClient
{
    public RegisteredClientId Id { get; init; } = RegisteredClientId.New();

    /// <summary>The <c>client_id</c>: made by the portal, or the address of the client's document.</summary>
    public required string ClientId { get; init; }

    /// <summary>What the client says that it is called.</summary>
    public required string Name { get; set; }

    public IReadOnlyList<string> RedirectUris { get; set; } = [];

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The first consent; a client that never had one is forgotten after a day.</summary>
    public DateTimeOffset? UsedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<RegisteredClient>
    {
        public void Configure(EntityTypeBuilder<RegisteredClient> builder)
        {
            builder.ToTable("oauth_clients");
            builder.Property(c => c.ClientId).HasMaxLength(500);
            builder.Property(c => c.Name).HasMaxLength(100);
            builder.Property(c => c.RedirectUris).HasJsonConversion();
            builder.HasIndex(c => c.ClientId).IsUnique();
            builder.HasIndex(c => c.CreatedAt);
        }
    }
}
