using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>Whom a rule about a server names.</summary>
public enum AccessSubject
{
    Everyone = 1,
    Group = 2,
    User = 3,
}

/// <summary>Allows or denies a server of the organisation to everyone, a group or a user. A denial wins over any allowance.</summary>
[RowAccess(TableAccess.ReadAll)]
public sealed class ServerAccess
{
    public ServerId ServerId { get; init; }

    public AccessSubject Subject { get; init; }

    /// <summary>The group or user; empty for everyone.</summary>
    public Guid SubjectId { get; init; }

    public bool Allow { get; init; } = true;

    public sealed class Map : IEntityTypeConfiguration<ServerAccess>
    {
        public void Configure(EntityTypeBuilder<ServerAccess> builder)
        {
            builder.ToTable("server_access");
            builder.HasKey(a => new { a.ServerId, a.Subject, a.SubjectId });
            builder.HasOne<Server>().WithMany().HasForeignKey(a => a.ServerId);
        }
    }
}
