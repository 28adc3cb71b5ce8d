using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace McpPortal.Data;

/// <summary>Moves ciphertext in and out of its column. It encrypts nothing: that is the vault's explicit work.</summary>
internal sealed class ProtectedConverter() : ValueConverter<Protected, byte[]>(value => value.Record.ToArray(), record => Protected.FromStore(record));
