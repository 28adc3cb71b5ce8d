namespace McpPortal.Vault;

/// <summary>The root key in a file that only its owner (and group) can read.</summary>
internal sealed class FileRootKey(string path) : IRootKeyProvider
{
    private const UnixFileMode Allowed = UnixFileMode.UserRead | UnixFileMode.GroupRead;

    public string Description => $"root key file {path}";

    public async Task<RootKey> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~Allowed) != UnixFileMode.None)
            {
                throw new RootKeyException($"The {Description} can be read or changed by others. Run: chmod 0400 {path}");
            }

            return RootKey.Parse(await File.ReadAllTextAsync(path, cancellationToken), $"The {Description}");
        }
        catch (FileNotFoundException)
        {
            throw new RootKeyException($"The {Description} is missing. Restore it from your recovery copy; a new key cannot read the data.");
        }
        catch (DirectoryNotFoundException)
        {
            throw new RootKeyException($"The {Description} is missing. Restore it from your recovery copy; a new key cannot read the data.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RootKeyException($"The {Description} cannot be read: {e.Message}");
        }
    }

    /// <summary>Writes a new key with mode 0400. Refuses to overwrite.</summary>
    public static RootKey Create(string path)
    {
        var key = RootKey.Generate();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(key.Export());
        writer.Write('\n');
        return key;
    }
}
