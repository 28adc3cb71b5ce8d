using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>Which of a user's connections a server uses, and the destination the user agreed to send its token to.</summary>
[RowAccess(TableAccess.OwnRows)]
public sealed class ServerCredential
{
    public UserId UserId { get; init; }

    public ServerId ServerId { get; init; }

    /// <summary><see cref="CredentialNeed.Name"/> within the server.</summary>
    public required string Need { get; init; }

    public ConnectionId ConnectionId { get; set; }

    /// <summary>Another destination of the server suspends the link until the user confirms.</summary>
    public required string Destination { get; set; }

    public DateTimeOffset AgreedAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<ServerCredential>
    {
        public void Configure(EntityTypeBuilder<ServerCredential> builder)
        {
            builder.ToTable("server_credentials");
            builder.HasKey(c => new { c.UserId, c.ServerId, c.Need });
            builder.Property(c => c.Need).HasMaxLength(128);
            builder.Property(c => c.Destination).HasMaxLength(500);
            builder.HasIndex(c => c.ConnectionId);
            builder.HasOne<User>().WithMany().HasForeignKey(c => c.UserId);
            builder.HasOne<Server>().WithMany().HasForeignKey(c => c.ServerId);
            // SQL Server refuses a second cascade path from users; deleting a connection removes its links explicitly.
            builder.HasOne<Connection>().WithMany().HasForeignKey(c => c.ConnectionId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
