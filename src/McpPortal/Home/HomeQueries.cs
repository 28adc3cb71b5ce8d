using McpPortal.Calls;
using McpPortal.Clients;
using McpPortal.Connections;
using McpPortal.Data;
using Shown = McpPortal.Ui.ConnectionStatus;

namespace McpPortal.Home;

/// <summary>What one person wants to know first: how their connections are, what happened, what to do next.</summary>
internal sealed class HomeQueries(MyConnections connections, ProviderDirectory providers, ActivityQueries activity, AccessKeys keys, TimeProvider time)
{
    public const int RecentCalls = 8;

    public async Task<HomeView> GetAsync(UserId user, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var mine = (await connections.ListAsync(user, cancellationToken))
            .Where(c => c.Status != ConnectionStatus.Revoking)
            .Select(c => new HomeConnection(c, c.StatusAt(now)))
            .OrderBy(c => Urgency(c.Status)).ThenByDescending(c => c.Connection.LastUsedAt).ToList();
        var calls = await activity.ListAsync(user, ActivityFilter.None, [], RecentCalls, cancellationToken);
        var hasKey = (await keys.ListAsync(user, cancellationToken)).Count > 0;
        var hasProvider = (await providers.ListAsync(cancellationToken)).Count > 0;
        List<HomeStep> steps =
        [
            .. Step(mine.Count == 0 && hasProvider, new("/connections", "link", "Connect an account", "Gmail, GitHub and others, so that tools can work with them as you.")),
            .. Step(calls.Count == 0, new("/console", "terminal", "Try a tool in the console", "Choose a server and a tool, fill in its form, and see exactly what happens.")),
            .. Step(!hasKey, new("/access", "key", "Create an access key", "It lets your own programs call tools as you.")),
        ];
        return new HomeView(mine, calls, steps);
    }

    private static HomeStep[] Step(bool wanted, HomeStep step) => wanted ? [step] : [];

    /// <summary>What needs its person comes first, what only a provider can mend comes after what ends soon.</summary>
    private static int Urgency(Shown status) => status switch
    {
        Shown.Reconnect => 0,
        Shown.ExpiresSoon => 1,
        Shown.ProviderDown => 2,
        Shown.Paused => 3,
        _ => 4,
    };
}
