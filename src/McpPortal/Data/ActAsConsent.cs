using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>That a person lets a program act for them. Without the row it may not.</summary>
[RowAccess(TableAccess.OwnRows)]
public sealed class ActAsConsent
{
    public required string ServiceKeyId { get; init; }

    public UserId UserId { get; init; }

    public DateTimeOffset GivenAt { get; init; }

    public sealed class Map : IEntityTypeConfiguration<ActAsConsent>
    {
        public void Configure(EntityTypeBuilder<ActAsConsent> builder)
        {
            builder.ToTable("act_as_consents");
            builder.HasKey(c => new { c.ServiceKeyId, c.UserId });
            builder.Property(c => c.ServiceKeyId).HasMaxLength(32);
            builder.HasIndex(c => c.UserId);
            builder.HasOne<ServiceKey>().WithMany().HasForeignKey(c => c.ServiceKeyId);
            builder.HasOne<User>().WithMany().HasForeignKey(c => c.UserId);
        }
    }
}
