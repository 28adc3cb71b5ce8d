using System.Security.Cryptography;
using System.Text;
using McpPortal.Data;

namespace McpPortal.Vault;

/// <summary>
/// Encrypts and decrypts credentials, each under its owner's key and bound to its place. The floor test lists who may decrypt.
/// </summary>
internal sealed class SecretVault(KeyRing ring, OwnerKeys owners)
{
    /// <summary>Encrypts. Throws <see cref="VaultSealedException"/> while sealed.</summary>
    public async ValueTask<Protected> ProtectAsync(SecretBinding binding, ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken)
    {
        var key = await owners.ForOwnerAsync(binding.Owner, cancellationToken);
        return Protected.FromRecord(RecordFormat.Seal(key.Key, key.Id, ring.InstallId, binding, plaintext.Span));
    }

    /// <inheritdoc cref="ProtectAsync(SecretBinding, ReadOnlyMemory{byte}, CancellationToken)"/>
    public async ValueTask<Protected> ProtectAsync(SecretBinding binding, string plaintext, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(plaintext);
        try
        {
            return await ProtectAsync(binding, bytes, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>
    /// Decrypts with the one key that the record names; no other key is tried. Throws <see cref="UndecryptableException"/> when the
    /// record was changed, moved or is of another place, and <see cref="VaultSealedException"/> while sealed.
    /// </summary>
    public async ValueTask<Plaintext> UnprotectAsync(SecretBinding binding, Protected value, CancellationToken cancellationToken)
    {
        ring.ThrowIfSealed();
        if (!RecordFormat.TryReadKeyId(value.Record.Span, out var keyId, out var reason))
        {
            throw new UndecryptableException(What(binding), reason);
        }

        var key = await owners.FindAsync(keyId, cancellationToken);
        if (key is null || key.Owner != binding.Owner)
        {
            throw new UndecryptableException(What(binding), key is null ? "its owner's key no longer exists" : "it belongs to another owner");
        }

        try
        {
            return new Plaintext(RecordFormat.Open(key.Key, ring.InstallId, binding, value.Record.Span));
        }
        catch (CryptographicException)
        {
            throw new UndecryptableException(What(binding), "it was changed or moved from another place");
        }
    }

    private static string What(SecretBinding binding) => $"The {binding.Kind} '{binding.Name}' of {binding.SubjectId}";
}
