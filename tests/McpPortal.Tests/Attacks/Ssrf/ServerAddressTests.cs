using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Outbound;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Outbound;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Ssrf;

/// <summary>Every spelling of an address inside, as the address of a server: when it is saved, and when one is used that was saved all the same.</summary>
public sealed class ServerAddressTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SSRF_1_2_No_address_of_a_server_reaches_inside()
    {
        await using var fourth = new CountingListener();
        await using var sixth = Socket.OSSupportsIPv6 ? new CountingListener(address: IPAddress.IPv6Loopback) : null;
        int[] ports = sixth is null ? [fourth.Port] : [fourth.Port, sixth.Port];

        // The ports are open, so that only the addresses are in the way.
        await using var rig = await CallRig.StartAsync(cluster, null, [("Outbound:Ports:0", "443"), .. ports.Select((port, i) => ($"Outbound:Ports:{i + 1}", port.ToString(CultureInfo.InvariantCulture))), ("Servers:MaxOwnPerUser", "1000")]);
        var ana = await rig.AddUserAsync("ana");
        var addresses = ports.SelectMany(port => OutboundPayloads.All.Select(payload => payload.Replace("{0}", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))).Distinct(StringComparer.Ordinal).ToList();
        var saved = new List<string>();
        foreach (var address in addresses)
        {
            var draft = new ServerDraft { Slug = $"s{saved.Count}", Name = "Saved", Url = address };
            var editor = rig.Get<ServerEditor>();
            foreach (var result in (ServerEditResult[])
            [
                await editor.AddOwnAsync(ana, draft with { Slug = $"{draft.Slug}-own" }, Actor.Page(ana), Stop),
                await editor.AddAsync(draft with { Slug = $"{draft.Slug}-org" }, null, everyone: true, Actor.CommandLine, Stop),
            ])
            {
                Assert.True(result is ServerEditResult.Saved or ServerEditResult.Invalid, $"{address}: {result}");
            }

            if (await rig.Get<ServerCatalog>().FindAsync(ana, $"{draft.Slug}-own", Stop) is not null)
            {
                saved.Add(address);
            }
        }

        // Only names can be saved, because where they lead is known when they are used.
        Assert.All(saved, address => Assert.Equal(UriHostNameType.Dns, new Uri(address).HostNameType));
        var slugs = saved.SelectMany((_, i) => (string[])[$"s{i}-own", $"s{i}-org"]).Concat(await WriteAsync(rig, ana, addresses)).ToList();
        Assert.True(slugs.Count > 200, $"{slugs.Count} addresses were tried in use.");

        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(slugs, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Stop }, async (slug, _) =>
        {
            var outcome = await rig.CallAsync(ana, slug, "act");
            if (outcome is not (CallOutcome.Refused { Busy: false } or CallOutcome.Unreachable))
            {
                wrong.Enqueue($"{slug}: {outcome}");
            }
        });

        Assert.Empty(wrong);
        Assert.Equal(0, fourth.Connections);
        Assert.Equal(0, sixth?.Connections ?? 0);
    }

    [Fact]
    public async Task SSRF_8_An_open_port_inside_and_a_closed_one_are_told_with_the_same_words()
    {
        await using var open = new CountingListener();
        var closed = Ports.Free();
        await using var rig = await CallRig.StartAsync(cluster, null, ("Outbound:Ports:0", open.Port.ToString(CultureInfo.InvariantCulture)), ("Outbound:Ports:1", closed.ToString(CultureInfo.InvariantCulture)));
        var ana = await rig.AddUserAsync("ana");
        var slugs = await WriteAsync(rig, ana, [$"https://127.0.0.1:{open.Port}/", $"https://127.0.0.1:{closed}/", $"https://localhost:{open.Port}/", $"https://localhost:{closed}/"]);

        var sentences = new List<string>();
        foreach (var slug in slugs)
        {
            sentences.Add(Assert.IsType<CallOutcome.Refused>(await rig.CallAsync(ana, slug, "act")).Sentence);
        }

        Assert.Equal(sentences[0], sentences[1]);
        Assert.Equal(sentences[2], sentences[3]);
        Assert.Equal(0, open.Connections);
    }

    [Fact]
    public async Task SSRF_8_A_name_that_leads_inside_and_a_name_that_is_none_are_told_with_the_same_words()
    {
        await using var rig = await CallRig.StartAsync(cluster);
        var ana = await rig.AddUserAsync("ana");
        var slugs = await WriteAsync(rig, ana, ["https://localhost/", "https://no-such-host.invalid/"]);

        var inside = Assert.IsType<CallOutcome.Refused>(await rig.CallAsync(ana, slugs[0], "act")).Sentence;
        var none = Assert.IsType<CallOutcome.Refused>(await rig.CallAsync(ana, slugs[1], "act")).Sentence;

        Assert.Equal(inside.Replace("localhost", "NAME", StringComparison.Ordinal), none.Replace("no-such-host.invalid", "NAME", StringComparison.Ordinal));
    }

    /// <summary>Puts servers of ana's own into the table, past the rules for saving one.</summary>
    private static async Task<List<string>> WriteAsync(CallRig rig, UserId ana, IEnumerable<string> addresses)
    {
        var slugs = new List<string>();
        await using var scope = await rig.Get<PortalDatabase>().ForUserAsync(ana, Stop);
        foreach (var address in addresses)
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.IdnHost.Length == 0)
            {
                continue;
            }

            slugs.Add($"w{slugs.Count}");
            scope.Db.Servers.Add(new Server
            {
                Slug = slugs[^1],
                Name = "Written",
                Url = address,
                OwnerKind = OwnerKind.User,
                OwnerId = ana.Value,
                Transport = ServerTransport.Http,
                Credentials = [],
                Destination = DestinationOrigin.Of(url),
            });
        }

        rig.Get<Invalidations>().Publish(scope, InvalidationKind.Server, Guid.NewGuid());
        await scope.CommitAsync(Stop);
        return slugs;
    }
}
