using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>Membership of one user in one group.</summary>
[RowAccess(TableAccess.OwnRowsReadOnly)]
public sealed class GroupMember
{
    public GroupId GroupId { get; init; }

    public UserId UserId { get; init; }

    /// <summary>Set at sign-in from the groups claim, and removed there when the claim is gone.</summary>
    public bool FromClaim { get; init; }

    public sealed class Map : IEntityTypeConfiguration<GroupMember>
    {
        public void Configure(EntityTypeBuilder<GroupMember> builder)
        {
            builder.ToTable("group_members");
            builder.HasKey(m => new { m.GroupId, m.UserId });
            builder.HasIndex(m => m.UserId);
            builder.HasOne<Group>().WithMany().HasForeignKey(m => m.GroupId);
            builder.HasOne<User>().WithMany().HasForeignKey(m => m.UserId);
        }
    }
}
