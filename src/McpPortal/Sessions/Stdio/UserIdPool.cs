using System.Globalization;

namespace McpPortal.Sessions.Stdio;

/// <summary>Lends each child a user id that no other living child has, so that neither files nor process limits are shared; other portals of this machine count too.</summary>
internal sealed class UserIdPool(int first, int count, string locks = UserIdPool.Locks)
{
    // Only root lends user ids, and nobody else can write here.
    private const string Locks = "/run/mcpportal-stdio";

    private readonly Lock _gate = new();
    private readonly Dictionary<int, FileStream> _lent = [];
    private int _next;

    public int Rent()
    {
        lock (_gate)
        {
            for (var tries = 0; tries < count; tries++)
            {
                var id = first + _next;
                _next = (_next + 1) % count;
                if (!_lent.ContainsKey(id) && TryLock(id) is { } held)
                {
                    _lent.Add(id, held);
                    return id;
                }
            }
        }

        throw new StdioRefusedException("The portal runs as many tool programs as it may at once. Try again in a moment.");
    }

    public void Return(int id)
    {
        lock (_gate)
        {
            if (_lent.Remove(id, out var held))
            {
                held.Dispose();
            }
        }
    }

    /// <summary>An account of this machine whose id children would get, or null.</summary>
    public string? Collision(IEnumerable<string> passwd) => passwd
        .Select(line => line.Split(':'))
        .FirstOrDefault(parts => parts.Length > 2 && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id >= first && id < first + count)
        ?[0];

    // The kernel lets go of the lock when the portal dies. The files stay: removing one that another portal has just opened would lend its id twice.
    private FileStream? TryLock(int id)
    {
        try
        {
            Directory.CreateDirectory(locks);
            return new FileStream(Path.Combine(locks, id.ToString(CultureInfo.InvariantCulture)), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
