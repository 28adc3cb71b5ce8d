using McpPortal.Data;

namespace McpPortal.Calls;

/// <summary>The rows that one open page shows: what is newer is merged in, what is older is fetched on demand.</summary>
internal sealed class ActivityFeed(ActivityQueries queries, UserId user, ActivityFilter filter)
{
    public const int PageSize = 60;

    /// <summary>More than that nobody reads; the filters find the rest.</summary>
    public const int Max = 3000;

    private HashSet<CallId> _known = [];
    private bool _loaded;

    public IReadOnlyList<ActivityRow> Rows { get; private set; } = [];

    /// <summary>Ids that the last refresh brought in.</summary>
    public IReadOnlySet<CallId> Fresh { get; private set; } = new HashSet<CallId>();

    public bool HasMore { get; private set; }

    /// <summary>Looks for newer rows. A long call is recorded when it ends, so a new row may belong below older ones.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var newest = await queries.ListAsync(user, filter, [], PageSize, cancellationToken);
        var fresh = newest.Where(row => !_known.Contains(row.Id)).ToList();
        if (!_loaded || fresh.Count == newest.Count)
        {
            // The first time, or so many came that rows between may be missing: begin again.
            HasMore = newest.Count == PageSize;
            Show(newest);
        }
        else if (fresh.Count > 0)
        {
            Show([.. fresh.Concat(Rows).OrderByDescending(row => row.StartedAt).ThenByDescending(row => row.Id.Value)]);
        }

        Fresh = _loaded ? fresh.Select(row => row.Id).ToHashSet() : new HashSet<CallId>();
        _loaded = true;
    }

    public async Task MoreAsync(CancellationToken cancellationToken)
    {
        var older = await queries.ListAsync(user, filter, Rows, PageSize, cancellationToken);
        HasMore = older.Count == PageSize && Rows.Count + older.Count < Max;
        Fresh = new HashSet<CallId>();
        Show([.. Rows.Concat(older.Where(row => !_known.Contains(row.Id)))]);
    }

    private void Show(IReadOnlyList<ActivityRow> rows) => (Rows, _known) = (rows, [.. rows.Select(row => row.Id)]);
}
