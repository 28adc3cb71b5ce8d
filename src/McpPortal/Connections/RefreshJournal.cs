using System.Text.Json;
using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>Keeps finished refreshes that the database could not take on local disk, flushed to it, until they are saved. Holds ciphertext only.</summary>
internal sealed partial class RefreshJournal(ConnectionsOptions options, ILogger<RefreshJournal> logger)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new GuidIdJson() } };

    public void Write(RenewedTokens renewed)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(options.JournalFolder);
        }
        else
        {
            Directory.CreateDirectory(options.JournalFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var path = PathOf(renewed);
        var half = path + ".half";
        using (var file = new FileStream(half, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, renewed, Json);
            file.Flush(flushToDisk: true);
        }

        File.Move(half, path, overwrite: true);
    }

    public void Remove(RenewedTokens renewed)
    {
        try
        {
            File.Delete(PathOf(renewed));
        }
        catch (IOException e)
        {
            // Replaying it later changes nothing: its generation has passed.
            Log.NotRemoved(logger, e.Message);
        }
    }

    /// <summary>What a process before this one could not save.</summary>
    public IReadOnlyList<RenewedTokens> Read()
    {
        if (!Directory.Exists(options.JournalFolder))
        {
            return [];
        }

        List<RenewedTokens> all = [];
        foreach (var path in Directory.GetFiles(options.JournalFolder, "*.json"))
        {
            try
            {
                using var file = File.OpenRead(path);
                all.Add(JsonSerializer.Deserialize<RenewedTokens>(file, Json)!);
            }
            catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
            {
                Log.Unreadable(logger, Path.GetFileName(path), e.GetType().Name);
            }
        }

        return all;
    }

    private string PathOf(RenewedTokens renewed) =>
        Path.Combine(options.JournalFolder, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{renewed.Connection.Value:n}-{renewed.Generation}.json"));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "A saved entry of the refresh journal could not be removed. {Reason}")]
        public static partial void NotRemoved(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Error, "The entry {File} of the refresh journal cannot be read ({Reason}); its connection may need its owner.")]
        public static partial void Unreadable(ILogger logger, string file, string reason);
    }
}
