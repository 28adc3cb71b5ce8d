using McpPortal.Data;

namespace McpPortal.Vault;

/// <summary>What kind of value a record holds. Part of the additional data: columns cannot be swapped. Never renumber or rename.</summary>
internal enum SecretKind
{
    AccessToken = 1,
    RefreshToken = 2,
    Secret = 3,
    ClientSecret = 4,
    CodeVerifier = 5,
    Revocation = 6,
    ConsolePayload = 7,
}

/// <summary>Ties a record to its place: another owner, subject, name, kind or generation and it does not open.</summary>
/// <param name="Kind">Which column.</param>
/// <param name="Owner">Whose key encrypts it.</param>
/// <param name="SubjectId">Immutable id of the connection, server or other thing it belongs to.</param>
/// <param name="Name">Name within the subject; a rename re-encrypts.</param>
/// <param name="Generation">Counts replacements, so that an older value cannot be pasted beside a newer row.</param>
internal readonly record struct SecretBinding(SecretKind Kind, Owner Owner, Guid SubjectId, string Name, long Generation);
