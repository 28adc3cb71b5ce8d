using McpPortal.Calls;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Sessions;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>
/// What toolsets hold, remembered for each caller until the set, its servers or what they list may have changed. It is for reading only: a
/// call asks the door anew.
/// </summary>
internal sealed class ToolsetLists
{
    private const int MaxRemembered = 200;
    private const int MaxNamed = 5;

    /// <summary>Older servers over HTTP do not say that their tools changed.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    private readonly Memory<Key, ToolsetList> _known;
    private readonly ServerCatalog _catalog;
    private readonly MergedLists _lists;
    private readonly TimeProvider _time;

    public ToolsetLists(ServerCatalog catalog, MergedLists lists, Invalidations invalidations, UpstreamNews news, TimeProvider time)
    {
        (_catalog, _lists, _time) = (catalog, lists, time);
        _known = new Memory<Key, ToolsetList>(invalidations, ComposeAsync, MaxRemembered);
        invalidations.Subscribe(Forget);
        news.SubscribeToAll((user, notice) =>
        {
            if (notice.Method == NotificationMethods.ToolListChangedNotification)
            {
                _known.ForgetWhere(list => user is null || list.User == user);
            }
        });
    }

    /// <param name="caller">Somebody within a toolset.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<ToolsetList> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        var key = new Key(caller);
        var list = await _known.GetAsync(key, cancellationToken);
        var isOld = _time.GetUtcNow() - list.At > MaxAge;
        if (isOld || !list.IsComplete)
        {
            _known.Forget(key);
        }

        return isOld ? await _known.GetAsync(key, cancellationToken) : list;
    }

    private async Task<ToolsetList> ComposeAsync(Key key, CancellationToken cancellationToken)
    {
        var (caller, set) = (key.Caller, key.Caller.Within!);
        var usable = (await _catalog.ListAsync(caller.User, cancellationToken)).Where(server => set.Has(server.Id)).ToList();
        var servers = usable.Where(server => caller.MayUse(server.Id)).ToList();
        var list = await _lists.OfAsync(ListKind.Tools, caller, servers, cancellationToken);
        List<string> warnings = [.. set.Parts.Where(part => usable.All(server => server.Id != part.Server)).Select(part => $"{part.ServerName} is not there for you now, so its tools are left out.")];
        warnings.AddRange(list.Warnings);
        if (!caller.ReadOnly)
        {
            var offered = list.Entries.Select(tool => (string)tool["name"]!).ToHashSet(StringComparer.Ordinal);
            foreach (var server in servers.Where(server => !list.Missing.Contains(server.Id)))
            {
                var gone = set.Parts.First(part => part.Server == server.Id).Tools?.Where(tool => !offered.Contains(ListedNames.Join(server.Slug, tool))).Order(StringComparer.Ordinal).ToList() ?? [];
                if (gone.Count > 0)
                {
                    warnings.Add($"{server.Name} does not offer {string.Join(", ", gone.Take(MaxNamed))}{(gone.Count > MaxNamed ? $" and {gone.Count - MaxNamed} more" : "")} now.");
                }
            }
        }

        return new ToolsetList(caller.User, list.Entries, warnings, list.Missing.Count == 0, _time.GetUtcNow());
    }

    private void Forget(Invalidation invalidation)
    {
        switch (invalidation.Kind)
        {
            case InvalidationKind.SignIn:
                break;
            case InvalidationKind.Toolsets or InvalidationKind.Credentials or InvalidationKind.Groups or InvalidationKind.User or InvalidationKind.AccessKeys or InvalidationKind.ClientGrants:
                _known.ForgetWhere(list => list.User.Value == invalidation.Subject);
                break;
            default:
                // Servers, connections, providers, and whatever else may decide what is listed.
                _known.ForgetAll();
                break;
        }
    }

    /// <summary>Everything that decides what a caller sees.</summary>
    private sealed class Key(Caller caller) : IEquatable<Key>
    {
        private readonly Caller _who = caller with { Servers = null, Toolsets = null, Within = null };

        public Caller Caller => caller;

        public bool Equals(Key? other) =>
            other is not null && _who == other._who && caller.Within!.Id == other.Caller.Within!.Id && caller.Within.Version == other.Caller.Within.Version && Same(caller.Servers, other.Caller.Servers);

        public override bool Equals(object? obj) => Equals(obj as Key);

        public override int GetHashCode() => HashCode.Combine(_who, caller.Within!.Id);

        private static bool Same(IReadOnlyList<ServerId>? one, IReadOnlyList<ServerId>? other) => one is null ? other is null : other is not null && one.SequenceEqual(other);
    }
}
