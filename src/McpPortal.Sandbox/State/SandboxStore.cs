using System.Text.Json;

namespace McpPortal.Sandbox.State;

/// <summary>The state behind one lock; a change wakes the saver.</summary>
internal sealed class SandboxStore
{
    private readonly Lock _gate = new();
    private readonly SandboxState _state;
    private readonly string? _file;

    public SandboxStore(SandboxOptions options)
    {
        _file = options.DataDir is null ? null : Path.Combine(options.DataDir, "sandbox.json");
        _state = _file is not null && File.Exists(_file)
            ? JsonSerializer.Deserialize<SandboxState>(File.ReadAllBytes(_file))!
            : new SandboxState();
    }

    /// <summary>Released once for each burst of changes that is not on disk yet.</summary>
    public SemaphoreSlim Dirty { get; } = new(0, 1);

    public T Read<T>(Func<SandboxState, T> read)
    {
        lock (_gate)
        {
            return read(_state);
        }
    }

    public T Change<T>(Func<SandboxState, T> change)
    {
        lock (_gate)
        {
            var result = change(_state);
            if (_file is not null && Dirty.CurrentCount == 0)
            {
                Dirty.Release();
            }

            return result;
        }
    }

    /// <summary>Writes beside the file and renames, so that a kill leaves the old state or the new one.</summary>
    public void Save()
    {
        if (_file is null)
        {
            return;
        }

        var bytes = Read(state => JsonSerializer.SerializeToUtf8Bytes(state));
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        var fresh = _file + ".new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(fresh, options))
        {
            stream.Write(bytes);
        }

        File.Move(fresh, _file, overwrite: true);
    }
}
