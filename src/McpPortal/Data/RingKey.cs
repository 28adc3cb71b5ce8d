using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>What a key of the ring is for. Stored by number.</summary>
public enum KeyPurpose
{
    /// <summary>Wraps owners' keys.</summary>
    OwnerKeys = 1,

    /// <summary>Keyed fingerprints in audit entries and call records.</summary>
    Fingerprint = 2,

    /// <summary>Keyed hash of access keys.</summary>
    AccessKeys = 3,

    /// <summary>Encrypts the Data Protection ring.</summary>
    DataProtection = 4,
}

public enum KeyState
{
    Pending = 1,
    Active = 2,
    DecryptOnly = 3,
    Retired = 4,
}

/// <summary>A key of the ring, wrapped by the root key, which is never in the database.</summary>
[RowAccess(TableAccess.SystemOnly)]
public sealed class RingKey
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public KeyPurpose Purpose { get; init; }

    public KeyState State { get; set; }

    /// <summary>Wrapped key; additional data binds installation, id and purpose.</summary>
    public required byte[] Wrapped { get; set; }

    /// <summary>First bytes of a hash of the root key that wraps it: tells a wrong root key from a damaged record.</summary>
    public required string RootFingerprint { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ActivatedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<RingKey>
    {
        public void Configure(EntityTypeBuilder<RingKey> builder)
        {
            builder.ToTable("key_ring");
            builder.Property(k => k.Wrapped).HasMaxLength(256);
            builder.Property(k => k.RootFingerprint).HasMaxLength(32);
        }
    }
}
