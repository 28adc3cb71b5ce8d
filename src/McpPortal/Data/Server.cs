using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>How the portal reaches an MCP server.</summary>
public enum ServerTransport
{
    Http = 1,
    Stdio = 2,
}

/// <summary>An MCP server in the catalogue: the organisation's, or one person's own.</summary>
[RowAccess(TableAccess.OwnedRows)]
public sealed class Server
{
    public ServerId Id { get; init; } = ServerId.New();

    /// <summary>Name in addresses and tool prefixes; unique among the organisation's servers and among each person's own.</summary>
    public required string Slug { get; init; }

    public required string Name { get; set; }

    public string? Description { get; set; }

    public OwnerKind OwnerKind { get; init; } = OwnerKind.Organisation;

    public Guid OwnerId { get; init; }

    public Owner Owner => new(OwnerKind, OwnerId);

    public ServerTransport Transport { get; init; }

    /// <summary>Endpoint of an HTTP server.</summary>
    public string? Url { get; set; }

    /// <summary>The admin-approved template that a stdio server runs.</summary>
    public string? TemplateKey { get; init; }

    /// <summary>Absolute program and arguments of a stdio server, as approved.</summary>
    public IReadOnlyList<string> CommandLine { get; set; } = [];

    /// <summary>Fixed, public settings passed as environment variables; never credentials.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Which credentials a call needs and where each one goes.</summary>
    public IReadOnlyList<CredentialNeed> Credentials { get; set; } = [];

    public bool Enabled { get; set; } = true;

    /// <summary>Upper bound of one call, in seconds.</summary>
    public int TimeoutSeconds { get; set; } = 60;

    /// <summary>Exact MCP revision to speak with the server; null negotiates.</summary>
    public string? ProtocolPin { get; set; }

    /// <summary>Counts edits. Part of the key of an upstream session: an edited server misses the pool.</summary>
    public long Version { get; set; } = 1;

    /// <summary>Where credentials go: the exact origin, or the SHA-256 of the command line. Owners agree to this text.</summary>
    public required string Destination { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; set; }

    public DateTimeOffset? RemovedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<Server>
    {
        public void Configure(EntityTypeBuilder<Server> builder)
        {
            builder.ToTable("servers");
            builder.Ignore(s => s.Owner);
            builder.Property(s => s.Slug).HasMaxLength(64);
            builder.Property(s => s.Name).HasMaxLength(200);
            builder.Property(s => s.Url).HasMaxLength(2000);
            builder.Property(s => s.Destination).HasMaxLength(500);
            builder.Property(s => s.TemplateKey).HasMaxLength(64);
            builder.Property(s => s.ProtocolPin).HasMaxLength(16);
            builder.Property(s => s.CommandLine).HasJsonConversion();
            builder.Property(s => s.Settings).HasJsonConversion();
            builder.Property(s => s.Credentials).HasJsonConversion();
            builder.Property(s => s.Version).IsConcurrencyToken();
            // A removed server gives its name free.
            builder.HasIndex(s => new { s.OwnerKind, s.OwnerId, s.Slug }).IsUnique().HasFilter("removed_at is null");
        }
    }
}
