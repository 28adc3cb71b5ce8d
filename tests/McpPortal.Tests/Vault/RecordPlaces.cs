using McpPortal.Data;
using McpPortal.Vault;

namespace McpPortal.Tests.Vault;

internal static class RecordPlaces
{
    /// <summary>Places that differ from each other in one thing at a time, among them pairs that a careless join would confuse.</summary>
    public static List<SecretBinding> All()
    {
        var (one, two, subject, other) = (Guid.Parse("018f5b3c-0000-7000-8000-00000000000a"), Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        var start = new SecretBinding(SecretKind.Secret, new Owner(OwnerKind.User, one), subject, "api-key", 1);
        return
        [
            start,
            .. Enum.GetValues<SecretKind>().Where(k => k != SecretKind.Secret).Select(kind => start with { Kind = kind }),
            start with { Owner = new Owner(OwnerKind.User, two) },
            start with { Owner = new Owner(OwnerKind.Group, one) },
            start with { Owner = new Owner(OwnerKind.Group, two) },
            start with { Owner = new Owner(OwnerKind.Organisation, one) },
            start with { Owner = Owner.Organisation },
            start with { Owner = Owner.System },
            start with { SubjectId = other },
            start with { SubjectId = one },
            start with { SubjectId = Guid.Empty },
            .. ((string[])["", "a", "api", "api-key ", "API-KEY", "api-key\0", "apı-key", "api-kéy", "api-ke\u0301y", "1", "api-key1", "Secret", "User"]).Select(name => start with { Name = name }),
            .. ((long[])[0, 2, 3, 255, 256, 1L << 32, long.MaxValue, -1]).Select(generation => start with { Generation = generation }),
            .. ((string[])["access_token", "refresh_token"]).Select(name => start with { Kind = SecretKind.AccessToken, Name = name }),
            start with { Owner = new Owner(OwnerKind.User, two), SubjectId = other },
            start with { Owner = new Owner(OwnerKind.User, two), Generation = 2 },
            start with { Kind = SecretKind.RefreshToken, Generation = 2 },
            start with { SubjectId = other, Name = "a" },
        ];
    }
}
