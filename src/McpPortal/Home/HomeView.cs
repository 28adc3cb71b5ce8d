using McpPortal.Calls;
using McpPortal.Connections;
using Shown = McpPortal.Ui.ConnectionStatus;

namespace McpPortal.Home;

/// <summary>The state of one person's things.</summary>
internal sealed record HomeView(IReadOnlyList<HomeConnection> Connections, IReadOnlyList<ActivityRow> Calls, IReadOnlyList<HomeStep> Steps);

/// <summary>A connection with the word for how it is.</summary>
internal sealed record HomeConnection(ConnectionSummary Connection, Shown Status);

/// <summary>Something worth doing next, and where.</summary>
internal sealed record HomeStep(string Href, string Icon, string Title, string Sentence);
