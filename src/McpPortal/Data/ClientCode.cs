using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>An authorization code on its way through the browser (RFC 6749 §4.1.2). Exchanged once; kept a while after, so that a replay is noticed.</summary>
[RowAccess(TableAccess.AppendAsSelf)]
public sealed class ClientCode
{
    /// <summary>The public part of the code, by which it is looked up.</summary>
    public required string Id { get; init; }

    public required byte[] Hash { get; init; }

    public UserId UserId { get; init; }

    public ClientGrantId GrantId { get; init; }

    /// <summary>Where the code was sent, exactly.</summary>
    public required string RedirectUri { get; init; }

    /// <summary>PKCE challenge, method S256 (RFC 7636 §4.3).</summary>
    public required string Challenge { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? UsedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<ClientCode>
    {
        public void Configure(EntityTypeBuilder<ClientCode> builder)
        {
            builder.ToTable("oauth_codes");
            builder.Property(c => c.Id).HasMaxLength(32);
            builder.Property(c => c.Hash).HasMaxLength(32);
            builder.Property(c => c.RedirectUri).HasMaxLength(1000);
            builder.Property(c => c.Challenge).HasMaxLength(64);
            builder.HasIndex(c => c.ExpiresAt);
            builder.HasIndex(c => c.GrantId);
            builder.HasOne<ClientGrant>().WithMany().HasForeignKey(c => c.GrantId);
        }
    }
}
