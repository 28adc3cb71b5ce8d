using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;

namespace McpPortal.Gateway;

/// <summary>Puts the tools of several servers into one list. A server that is slow or dead costs its own tools, not everybody's.</summary>
internal sealed class ToolLists(UpstreamCallService calls, GatewayAnswers answers, GatewayOptions options, TimeProvider time)
{
    public async Task<ToolList> OfAsync(Caller caller, IReadOnlyList<ServerSnapshot> servers, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listings = servers.Select(server => calls.ListToolsAsync(caller, server.Slug, enough.Token)).ToList();
        await Task.WhenAny(Task.WhenAll(listings), Task.Delay(options.ListTimeout, time, enough.Token));
        cancellationToken.ThrowIfCancellationRequested();
        List<JsonObject> tools = [];
        List<string> warnings = [];
        HashSet<ServerId> missing = [];
        foreach (var (server, listing) in servers.Zip(listings))
        {
            if (listing is { IsCompletedSuccessfully: true, Result: ToolListOutcome.Listed listed })
            {
                foreach (var tool in listed.Tools)
                {
                    tool["name"] = ToolNames.Join(server.Slug, (string)tool["name"]!);
                    tools.Add(tool);
                }
            }
            else
            {
                missing.Add(server.Id);
                warnings.Add(listing is { IsCompletedSuccessfully: true, Result: ToolListOutcome.Failed failed }
                    ? $"{server.Name}: {answers.Sentence(caller, failed.Outcome, server.Slug)}"
                    : $"{server.Name} did not list its tools within {options.ListTimeout.TotalSeconds:0} seconds.");
            }
        }

        await enough.CancelAsync();
        return new ToolList(tools, missing, warnings);
    }
}
