using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>One sign-in in one browser; the cookie names it, and ending it ends the cookie.</summary>
[RowAccess(TableAccess.OwnRows)]
public sealed class SignInSession
{
    public SignInSessionId Id { get; init; } = SignInSessionId.New();

    public UserId UserId { get; init; }

    public required string Issuer { get; init; }

    /// <summary>The provider's own session id (<c>sid</c>), which back-channel logout names.</summary>
    public string? ProviderSessionId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Absolute end: no use prolongs it.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? EndedAt { get; set; }

    public string? UserAgent { get; init; }

    public sealed class Map : IEntityTypeConfiguration<SignInSession>
    {
        public void Configure(EntityTypeBuilder<SignInSession> builder)
        {
            builder.ToTable("sign_in_sessions");
            builder.Property(s => s.Issuer).HasMaxLength(400);
            builder.Property(s => s.ProviderSessionId).HasMaxLength(255);
            builder.Property(s => s.UserAgent).HasMaxLength(400);
            builder.HasIndex(s => s.ProviderSessionId);
            builder.HasOne<User>().WithMany().HasForeignKey(s => s.UserId);
        }
    }
}
