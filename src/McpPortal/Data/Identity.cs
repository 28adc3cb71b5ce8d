using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>How a user is known to an issuer. People are found by (issuer, subject), never by e-mail.</summary>
[RowAccess(TableAccess.OwnRowsReadOnly)]
public sealed class Identity
{
    public required string Issuer { get; init; }

    public required string Subject { get; init; }

    public UserId UserId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public sealed class Map : IEntityTypeConfiguration<Identity>
    {
        public void Configure(EntityTypeBuilder<Identity> builder)
        {
            builder.ToTable("identities");
            builder.HasKey(i => new { i.Issuer, i.Subject });
            // SQL Server limits an index key to 1700 bytes; subjects are at most 255 characters (OpenID Connect Core §2).
            builder.Property(i => i.Issuer).HasMaxLength(400);
            builder.Property(i => i.Subject).HasMaxLength(255);
            builder.HasOne<User>().WithMany().HasForeignKey(i => i.UserId);
        }
    }
}
