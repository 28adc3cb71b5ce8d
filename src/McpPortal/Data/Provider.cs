using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>Which code speaks to an OAuth provider. Stored by number.</summary>
public enum ProviderKind
{
    Generic = 1,
    Google = 2,
    GitHub = 3,
}

/// <summary>An OAuth app of the organisation at a provider such as Google or GitHub.</summary>
[RowAccess(TableAccess.ReadAll)]
public sealed class Provider
{
    public ProviderId Id { get; init; } = ProviderId.New();

    /// <summary>Appears in the redirect path: <c>/connect/{slug}/callback</c>.</summary>
    public required string Slug { get; init; }

    public required string Name { get; set; }

    public ProviderKind Kind { get; init; }

    /// <summary>Exact issuer for RFC 9207, where the provider has one.</summary>
    public string? Issuer { get; set; }

    public required string AuthorizationEndpoint { get; set; }

    public required string TokenEndpoint { get; set; }

    public string? RevocationEndpoint { get; set; }

    public string? UserInfoEndpoint { get; set; }

    public required string ClientId { get; set; }

    /// <summary>Owned by the portal itself; subject is <see cref="Id"/>, generation <see cref="Version"/>.</summary>
    public Protected? ClientSecret { get; set; }

    public IReadOnlyList<string> Scopes { get; set; } = [];

    public bool Enabled { get; set; } = true;

    public long Version { get; set; } = 1;

    /// <summary>Set when the provider refused the app itself (<c>invalid_client</c>): nobody's grant is at fault.</summary>
    public DateTimeOffset? BrokenSince { get; set; }

    public string? BrokenReason { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public sealed class Map : IEntityTypeConfiguration<Provider>
    {
        public void Configure(EntityTypeBuilder<Provider> builder)
        {
            builder.ToTable("providers");
            builder.Property(p => p.Slug).HasMaxLength(64);
            builder.Property(p => p.Name).HasMaxLength(200);
            builder.Property(p => p.Scopes).HasJsonConversion();
            builder.Property(p => p.Version).IsConcurrencyToken();
            builder.HasIndex(p => p.Slug).IsUnique();
        }
    }
}
