using System.Globalization;

namespace McpPortal.Sessions.Stdio;

/// <summary>Lends each child a user id that no other living child has, so that neither files nor process limits are shared.</summary>
internal sealed class UserIdPool(int first, int count)
{
    private readonly Lock _gate = new();
    private readonly HashSet<int> _lent = [];
    private int _next;

    public int Rent()
    {
        lock (_gate)
        {
            for (var tries = 0; tries < count; tries++)
            {
                var id = first + _next;
                _next = (_next + 1) % count;
                if (_lent.Add(id))
                {
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
            _lent.Remove(id);
        }
    }

    /// <summary>An account of this machine whose id children would get, or null.</summary>
    public string? Collision(IEnumerable<string> passwd) => passwd
        .Select(line => line.Split(':'))
        .FirstOrDefault(parts => parts.Length > 2 && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id >= first && id < first + count)
        ?[0];
}
