using McpPortal.Accounts.Oidc;
using McpPortal.Data;

namespace McpPortal.Accounts;

/// <summary>What the configuration makes of a provider's claims.</summary>
internal static class RoleMapping
{
    public static Roles Claimed(OidcIdentity identity, OidcSettings settings) =>
        (identity.RoleValues.Intersect(settings.AdminRoles, StringComparer.Ordinal).Any() ? Roles.Admin : Roles.None)
        | (identity.RoleValues.Intersect(settings.AuditorRoles, StringComparer.Ordinal).Any() ? Roles.Auditor : Roles.None);

    /// <summary>By subject, or by an address that the provider has verified; an unverified address is anybody's word.</summary>
    public static bool IsBootstrapAdmin(OidcIdentity identity, OidcSettings settings) =>
        settings.BootstrapAdmins.Any(entry => entry == identity.Subject || entry == $"{identity.Issuer}|{identity.Subject}"
            || (identity.EmailVerified && entry.Contains('@', StringComparison.Ordinal) && string.Equals(entry, identity.Email, StringComparison.OrdinalIgnoreCase)));
}
