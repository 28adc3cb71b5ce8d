using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>A connect that was sent to the provider and has not come back. Taken once, by the user and sign-in that began it.</summary>
[RowAccess(TableAccess.OwnRows)]
public sealed class PendingConnect
{
    public PendingConnectId Id { get; init; } = PendingConnectId.New();

    /// <summary>SHA-256 of the state: the state itself stands only in the browser.</summary>
    public required byte[] StateHash { get; init; }

    public UserId UserId { get; init; }

    /// <summary>The sign-in that began it; another browser of the same person cannot finish it.</summary>
    public SignInSessionId SignInSessionId { get; init; }

    public ProviderId ProviderId { get; init; }

    /// <summary>PKCE code verifier (RFC 7636 §4.1).</summary>
    public required Protected Verifier { get; init; }

    public required string RedirectUri { get; init; }

    /// <summary>Where the person goes afterwards: a local path.</summary>
    public required string ReturnPath { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>The connection to renew; null connects a further account.</summary>
    public ConnectionId? Reconnect { get; init; }

    public string? Label { get; init; }

    /// <summary>Servers, with the destination shown, that the person agreed to send the token to.</summary>
    public IReadOnlyList<AgreedDestination> Agreed { get; init; } = [];

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public sealed class Map : IEntityTypeConfiguration<PendingConnect>
    {
        public void Configure(EntityTypeBuilder<PendingConnect> builder)
        {
            builder.ToTable("pending_connects");
            builder.Property(p => p.StateHash).HasMaxLength(32);
            builder.Property(p => p.RedirectUri).HasMaxLength(500);
            builder.Property(p => p.ReturnPath).HasMaxLength(1000);
            builder.Property(p => p.Label).HasMaxLength(100);
            builder.Property(p => p.Scopes).HasJsonConversion();
            builder.Property(p => p.Agreed).HasJsonConversion();
            builder.HasIndex(p => p.StateHash).IsUnique();
            builder.HasIndex(p => p.ExpiresAt);
            builder.HasOne<User>().WithMany().HasForeignKey(p => p.UserId);
            builder.HasOne<Provider>().WithMany().HasForeignKey(p => p.ProviderId);
        }
    }
}

/// <summary>A server and the destination that was shown when the person agreed.</summary>
public sealed record AgreedDestination(ServerId Server, string Need, string Destination);
