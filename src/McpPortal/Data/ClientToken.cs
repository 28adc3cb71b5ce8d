using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>What an issued token is good for. Stored by number.</summary>
public enum ClientTokenKind
{
    Access = 1,
    Refresh = 2,
}

/// <summary>A token of a grant. Only a keyed hash of it is kept.</summary>
[RowAccess(TableAccess.SystemOnly)]
public sealed class ClientToken
{
    /// <summary>The public part of the token, by which it is looked up.</summary>
    public required string Id { get; init; }

    public required byte[] Hash { get; init; }

    public ClientGrantId GrantId { get; init; }

    public ClientTokenKind Kind { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = [];

    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When a refresh token was exchanged for its successor. Kept until it would have expired, so that reuse is noticed.</summary>
    public DateTimeOffset? RotatedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<ClientToken>
    {
        public void Configure(EntityTypeBuilder<ClientToken> builder)
        {
            builder.ToTable("oauth_tokens");
            builder.Property(t => t.Id).HasMaxLength(32);
            builder.Property(t => t.Hash).HasMaxLength(32);
            builder.Property(t => t.Scopes).HasJsonConversion();
            builder.HasIndex(t => t.GrantId);
            builder.HasIndex(t => t.ExpiresAt);
            builder.HasOne<ClientGrant>().WithMany().HasForeignKey(t => t.GrantId);
        }
    }
}
