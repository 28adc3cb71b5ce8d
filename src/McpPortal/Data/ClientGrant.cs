using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>What a person allowed an MCP client: one consent, and the one family of tokens that came of it.</summary>
[RowAccess(TableAccess.OwnRows)]
public sealed class ClientGrant
{
    public ClientGrantId Id { get; init; } = ClientGrantId.New();

    public UserId UserId { get; init; }

    public RegisteredClientId ClientId { get; init; }

    /// <summary>The client's name as it was shown when the person agreed.</summary>
    public required string ClientName { get; init; }

    /// <summary>Where the answer went: the host of the redirect address.</summary>
    public required string ClientHost { get; init; }

    /// <summary>Short name of the only server it is for; null is all of <c>/mcp</c>, or a toolset.</summary>
    public string? ServerSlug { get; init; }

    /// <summary>That server itself: another one of the same name later is not meant.</summary>
    public ServerId? ServerId { get; init; }

    /// <summary>Name of the only toolset it is for.</summary>
    public string? ToolsetName { get; init; }

    /// <summary>That toolset itself: another one of the same name later is not meant.</summary>
    public ToolsetId? ToolsetId { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = [];

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the client exchanged its code; until then the grant is worth nothing.</summary>
    public DateTimeOffset? BeganAt { get; set; }

    /// <summary>Without a refresh until then the grant ends.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<ClientGrant>
    {
        public void Configure(EntityTypeBuilder<ClientGrant> builder)
        {
            builder.ToTable("oauth_grants");
            builder.Property(g => g.ClientName).HasMaxLength(100);
            builder.Property(g => g.ClientHost).HasMaxLength(300);
            builder.Property(g => g.ServerSlug).HasMaxLength(64);
            builder.Property(g => g.ToolsetName).HasMaxLength(64);
            builder.Property(g => g.Scopes).HasJsonConversion();
            builder.HasIndex(g => g.UserId);
            builder.HasIndex(g => g.ClientId);
            builder.HasOne<User>().WithMany().HasForeignKey(g => g.UserId);
            builder.HasOne<RegisteredClient>().WithMany().HasForeignKey(g => g.ClientId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
