using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

public enum ConnectionStatus
{
    Connected = 1,

    /// <summary>The provider refused the grant; its owner has to connect again.</summary>
    ReauthRequired = 2,

    /// <summary>Disconnected here, revocation at the provider not yet confirmed.</summary>
    Revoking = 3,
    Revoked = 4,
}

/// <summary>An OAuth grant of one owner for one account at one provider. Tokens are ciphertext.</summary>
[RowAccess(TableAccess.OwnedRows)]
public sealed class Connection
{
    public ConnectionId Id { get; init; } = ConnectionId.New();

    public OwnerKind OwnerKind { get; init; } = OwnerKind.User;

    public Guid OwnerId { get; init; }

    public Owner Owner => new(OwnerKind, OwnerId);

    public ProviderId ProviderId { get; init; }

    /// <summary>Immutable id of the account at the provider.</summary>
    public required string AccountId { get; init; }

    /// <summary>What the owner recognises the account by: an address or a login.</summary>
    public required string Account { get; set; }

    /// <summary>The owner's own word for it: "work", "club".</summary>
    public string? Label { get; set; }

    /// <summary>Client id the grant was made with; another client cannot refresh it.</summary>
    public required string ClientId { get; set; }

    /// <summary>Scopes granted, which may be fewer than asked for.</summary>
    public IReadOnlyList<string> Scopes { get; set; } = [];

    public ConnectionStatus Status { get; set; } = ConnectionStatus.Connected;

    public Protected? AccessToken { get; set; }

    public Protected? RefreshToken { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public DateTimeOffset? RefreshExpiresAt { get; set; }

    /// <summary>Moves with every new token; part of the additional data of both tokens and the concurrency token of the row.</summary>
    public long Generation { get; set; } = 1;

    /// <summary>Moves with the owner's decisions (connect, reconnect, disconnect), never with a refresh: a refresh ends no session.</summary>
    public long ConsentVersion { get; set; } = 1;

    public Guid? LeaseOwner { get; set; }

    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Counts leases, so that a holder that lost its lease cannot save.</summary>
    public long LeaseFence { get; set; }

    /// <summary>Set while a refresh may be on its way; with an expired lease and an unmoved generation its outcome is in doubt.</summary>
    public DateTimeOffset? AttemptStartedAt { get; set; }

    public int Failures { get; set; }

    public DateTimeOffset? NextAttemptAt { get; set; }

    /// <summary>A sentence for the owner; never text of the provider's that may hold a credential.</summary>
    public string? LastError { get; set; }

    public DateTimeOffset? LastErrorAt { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ConnectedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public DateTimeOffset? LastRefreshAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<Connection>
    {
        public void Configure(EntityTypeBuilder<Connection> builder)
        {
            builder.ToTable("connections");
            builder.Ignore(c => c.Owner);
            builder.Property(c => c.AccountId).HasMaxLength(255);
            builder.Property(c => c.Account).HasMaxLength(320);
            builder.Property(c => c.Label).HasMaxLength(100);
            builder.Property(c => c.ClientId).HasMaxLength(300);
            builder.Property(c => c.LastError).HasMaxLength(500);
            builder.Property(c => c.Scopes).HasJsonConversion();
            builder.Property(c => c.Generation).IsConcurrencyToken();
            builder.HasIndex(c => new { c.OwnerKind, c.OwnerId, c.ProviderId, c.AccountId }).IsUnique();
            builder.HasOne<Provider>().WithMany().HasForeignKey(c => c.ProviderId);
        }
    }
}
