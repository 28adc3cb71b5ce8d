using System.Collections.Concurrent;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Sessions.Registry;

namespace McpPortal.Gateway;

/// <summary>Which row of the registry a session of this node has. The registry knows the row alone; the id that the client uses stays here.</summary>
internal sealed partial class SessionRows(ClientSessionWriter writer, TimeProvider time, ILogger<SessionRows> logger) : IDisposable
{
    private readonly ConcurrentDictionary<string, ClientSessionId> _rows = new(StringComparer.Ordinal);
    private readonly LastUses<ClientSessionId, SessionEnding> _ended = new();
    private readonly SemaphoreSlim _writing = new(1, 1);

    public ClientSessionId? Of(string session) => _rows.TryGetValue(session, out var row) ? row : null;

    public string? SessionOf(ClientSessionId row) => _rows.FirstOrDefault(entry => entry.Value == row).Key;

    public void Add(string session, ClientSessionId row) => _rows[session] = row;

    /// <summary>The registry knows of the end already, or never knew of the session.</summary>
    public void Forget(string session) => _rows.TryRemove(session, out _);

    /// <summary>Writes that the session is over. What cannot be written now is written later.</summary>
    public async Task EndAsync(string session, SessionEnd end)
    {
        if (_rows.TryRemove(session, out var row))
        {
            _ended.Note(row, new SessionEnding(end, time.GetUtcNow()));
            await TryWriteAsync();
        }
    }

    /// <summary>One at a time: who ends thousands at once has them written together.</summary>
    public async Task TryWriteAsync()
    {
        await _writing.WaitAsync(CancellationToken.None);
        try
        {
            await _ended.WriteAsync(batch => writer.WriteEndsAsync(batch, CancellationToken.None));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.Failed(logger, e.GetType().Name);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _writing.Dispose();

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The end of MCP clients' sessions could not be written ({Reason}); it will be tried again.")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
