namespace McpPortal.Sandbox.Faults;

/// <summary>What tests count: requests per endpoint, tokens per account, families revoked, upstream sessions opened.</summary>
internal sealed class SandboxStats
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _requests = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SortedDictionary<string, long>> _accounts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SortedDictionary<string, long>> _servers = new(StringComparer.Ordinal);
    private long _familiesRevoked;
    private long _reuseDetected;

    public void Request(string endpoint) => Locked(() => Add(_requests, endpoint));

    /// <param name="account"><c>provider:account</c>.</param>
    /// <param name="what"><c>codes</c>, <c>refreshes</c>, <c>refused</c> or <c>revocations</c>.</param>
    public void Account(string account, string what) => Locked(() => Add(Inner(_accounts, account), what));

    /// <param name="server">Name of a sample MCP server.</param>
    /// <param name="what"><c>sessions</c> or <c>calls</c>.</param>
    public void Server(string server, string what) => Locked(() => Add(Inner(_servers, server), what));

    public void FamilyRevoked(bool byReuse) => Locked(() =>
    {
        _familiesRevoked++;
        _reuseDetected += byReuse ? 1 : 0;
    });

    public void Clear() => Locked(() =>
    {
        _requests.Clear();
        _accounts.Clear();
        _servers.Clear();
        _familiesRevoked = 0;
        _reuseDetected = 0;
    });

    public StatsView View(IReadOnlyDictionary<string, int> liveFamilies)
    {
        lock (_gate)
        {
            return new StatsView(
                new Dictionary<string, long>(_requests),
                Copy(_accounts),
                Copy(_servers),
                _familiesRevoked,
                _reuseDetected,
                liveFamilies);
        }
    }

    private static Dictionary<string, IReadOnlyDictionary<string, long>> Copy(SortedDictionary<string, SortedDictionary<string, long>> counts) =>
        counts.ToDictionary(pair => pair.Key, IReadOnlyDictionary<string, long> (pair) => new Dictionary<string, long>(pair.Value));

    private static SortedDictionary<string, long> Inner(SortedDictionary<string, SortedDictionary<string, long>> counts, string key)
    {
        if (!counts.TryGetValue(key, out var inner))
        {
            inner = new SortedDictionary<string, long>(StringComparer.Ordinal);
            counts[key] = inner;
        }

        return inner;
    }

    private static void Add(SortedDictionary<string, long> counts, string key) =>
        counts[key] = counts.GetValueOrDefault(key) + 1;

    private void Locked(Action action)
    {
        lock (_gate)
        {
            action();
        }
    }
}
