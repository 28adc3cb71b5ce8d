using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;

namespace McpPortal.Gateway;

/// <summary>Puts what several servers offer into one list. A server that is slow or dead costs its own part, not everybody's.</summary>
internal sealed class MergedLists(UpstreamCallService calls, GatewayAnswers answers, GatewayOptions options, TimeProvider time)
{
    public async Task<MergedList> OfAsync(ListKind kind, Caller caller, IReadOnlyList<ServerSnapshot> servers, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listings = servers.Select(server => ListAsync(kind, caller, server.Slug, enough.Token)).ToList();
        await Task.WhenAny(Task.WhenAll(listings), Task.Delay(options.ListTimeout, time, enough.Token));
        cancellationToken.ThrowIfCancellationRequested();
        List<JsonObject> entries = [];
        List<string> warnings = [];
        HashSet<ServerId> missing = [];
        foreach (var (server, listing) in servers.Zip(listings))
        {
            if (listing is { IsCompletedSuccessfully: true, Result.Entries: { } listed })
            {
                foreach (var entry in listed)
                {
                    if (entry[kind.Key] is JsonValue value && value.TryGetValue<string>(out var own))
                    {
                        entry[kind.Key] = kind.Join(server.Slug, own);
                        entries.Add(entry);
                    }
                }
            }
            else
            {
                missing.Add(server.Id);
                warnings.Add(listing is { IsCompletedSuccessfully: true, Result.Failure: { } failure }
                    ? $"{server.Name}: {answers.Sentence(caller, failure, server.Slug)}"
                    : $"{server.Name} did not list its {kind.Words} within {options.ListTimeout.TotalSeconds:0} seconds.");
            }
        }

        await enough.CancelAsync();
        return new MergedList(entries, missing, warnings);
    }

    private async Task<(IReadOnlyList<JsonObject>? Entries, CallOutcome? Failure)> ListAsync(ListKind kind, Caller caller, string server, CancellationToken cancellationToken) =>
        kind != ListKind.Tools ? await calls.ListAsync(caller, server, kind.Method, kind.Member, cancellationToken)
        : await calls.ListToolsAsync(caller, server, cancellationToken) switch
        {
            ToolListOutcome.Listed listed => (listed.Tools, null),
            ToolListOutcome.Failed failed => (null, failed.Outcome),
            var unknown => throw new InvalidOperationException($"Unknown list {unknown.GetType().Name}."),
        };
}
