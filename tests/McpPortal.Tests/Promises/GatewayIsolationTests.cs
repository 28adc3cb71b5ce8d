using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;
using ModelContextProtocol.Client;

namespace McpPortal.Tests.Promises;

/// <summary>MCP clients of many people at once at two portals; in <c>infra/soak</c> at full size.</summary>
[Collection(WholeProcesses.Name)]
public sealed class GatewayIsolationTests(PortalPair portals, ITestOutputHelper output)
{
    private const int AtOnce = 4;
    private readonly ConcurrentDictionary<string, int> _unanswered = new(StringComparer.Ordinal);
    private int _right;
    private int _wrong;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task ISO_1_Clients_of_both_eras_get_answers_to_their_own_credential_over_HTTP() => EachGetsTheirOwnAsync("whoami", SoakSize.Of(24, 256), SoakSize.Of(8, 400));

    [Fact]
    public Task ISO_1_Clients_of_both_eras_get_answers_to_their_own_credential_over_stdio() => EachGetsTheirOwnAsync("whoami-stdio", SoakSize.Of(4, 32), SoakSize.Of(4, 400));

    private async Task EachGetsTheirOwnAsync(string server, int users, int calls)
    {
        var load = new ConcurrentBag<(McpClient Client, string Tool, string Hash)>();
        await Parallel.ForAsync(0, users, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Stop }, async (i, _) => load.Add(await ConnectAsync(server, i)));

        // Every client counts its requests from one, and asks the same: nothing but the credential tells them apart.
        await Task.WhenAll(load.SelectMany(who => Enumerable.Range(0, AtOnce).Select(_ => Task.Run(() => CallInTurnAsync(who.Client, who.Tool, who.Hash, calls / AtOnce), Stop))));

        var figure = string.Create(
            CultureInfo.InvariantCulture,
            $"{server}: {_right + _wrong:N0} answers to MCP clients of {users} people, both eras, /mcp and /mcp/SERVER, {AtOnce} at once each over two processes: {_wrong} wrong; asked again: {_unanswered.Values.Sum():N0}");
        output.WriteLine(figure);
        SoakSize.Report("GATEWAY-ISO", figure);
        Assert.Equal(0, _wrong);
        Assert.True(_right == users * (calls / AtOnce * AtOnce), $"{figure}: {string.Join(", ", _unanswered)}\n{portals.One.Output()}");
        foreach (var (client, _, _) in load)
        {
            await client.DisposeAsync();
        }
    }

    private async Task<(McpClient Client, string Tool, string Hash)> ConnectAsync(string server, int number)
    {
        var person = await portals.AddAsync($"mcp-{server}-{number}");
        var secret = $"not-a-secret-{number}-{Guid.NewGuid():n}";
        await portals.SetSecretAsync(person, server, "token", secret);
        var (newest, all, first) = (number % 2 == 0, number / 2 % 2 == 0, number / 4 % 2 == 0);
        var portal = first ? portals.One : portals.Two;
        var client = await GatewayRig.ConnectAsync(
            new Uri(portal.Address, all ? "/mcp" : $"/mcp/{server}"), person.Key, new McpClientOptions { ProtocolVersion = newest ? "2026-07-28" : "2025-11-25" });
        return (client, all ? $"{server}__whoami" : "whoami", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret))));
    }

    private async Task CallInTurnAsync(McpClient client, string tool, string hash, int calls)
    {
        for (var (done, tries) = (0, 0); done < calls && tries < calls + 100; tries++)
        {
            var result = await client.CallToolAsync(tool, cancellationToken: Stop);
            if (result.StructuredContent is not { } answer)
            {
                // Refused because the machine is busy: late is no harm, another's is.
                _unanswered.AddOrUpdate(result.Content.FirstOrDefault()?.ToString() ?? "", 1, (_, count) => count + 1);
                await Task.Delay(200, Stop);
                continue;
            }

            Interlocked.Increment(ref answer.GetProperty("sha256").GetString() == hash ? ref _right : ref _wrong);
            done++;
        }
    }
}
