using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

public enum UserStatus
{
    Active = 1,
    Disabled = 2,
    Deleted = 3,
}

/// <summary>What a person may do beyond using the portal.</summary>
[Flags]
public enum Roles
{
    None = 0,
    Admin = 1,
    Auditor = 2,
}

/// <summary>A person. How they sign in is in <see cref="Identity"/>.</summary>
[RowAccess(TableAccess.OwnRowsReadOnly, UserColumn = "id")]
public sealed class User
{
    public UserId Id { get; init; } = UserId.New();

    public required string DisplayName { get; set; }

    public string? Email { get; set; }

    public bool EmailVerified { get; set; }

    public UserStatus Status { get; set; } = UserStatus.Active;

    /// <summary>Roles claimed by the identity provider at the last sign-in.</summary>
    public Roles ClaimedRoles { get; set; }

    /// <summary>Roles granted in the portal; they outlive sign-ins.</summary>
    public Roles GrantedRoles { get; set; }

    public Roles Roles => ClaimedRoles | GrantedRoles;

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? LastSignInAt { get; set; }

    public sealed class Map : IEntityTypeConfiguration<User>
    {
        public void Configure(EntityTypeBuilder<User> builder)
        {
            builder.ToTable("users");
            builder.Property(u => u.DisplayName).HasMaxLength(200);
            builder.Property(u => u.Email).HasMaxLength(320);
            builder.HasIndex(u => u.Email);
            builder.Ignore(u => u.Roles);
        }
    }
}
