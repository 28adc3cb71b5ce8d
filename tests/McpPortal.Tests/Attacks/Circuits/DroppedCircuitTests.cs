using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>Pages that were opened, and whose windows are gone.</summary>
[Collection(WholeProcesses.Name)]
public sealed class DroppedCircuitTests(PortalPair portals, ITestOutputHelper output)
{
    private static readonly int Pages = SoakSize.Of(24, 2000);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BLZ_10_Pages_that_were_opened_and_dropped_give_their_memory_back()
    {
        await using var portal = await portals.StartAsync();
        using var browser = new PortalBrowser(portal.Address);
        Assert.Equal(HttpStatusCode.Found, await browser.SignInAsync("test-110"));

        // What a portal needs once, however many come later.
        await OpenAndDropAsync(portal, browser.Cookies, Pages / 4);
        await OpenAndDropAsync(portal, browser.Cookies, Pages / 4);
        var before = Resident(portal);
        var peak = await OpenAndDropAsync(portal, browser.Cookies, Pages);

        var (after, time) = await Eventually.AskAsync(
            async () =>
            {
                // Somebody goes on using it, as somebody does.
                Assert.True(await browser.IsSignedInAsync());
                return Resident(portal);
            },
            now => now <= before * 1.1,
            TimeSpan.FromMinutes(5));

        var figure = string.Create(CultureInfo.InvariantCulture, $"{Pages:N0} pages open at once, then dropped: {before >> 20} MiB before, {peak >> 20} with them, {after >> 20} after {time.TotalSeconds:0} s");
        output.WriteLine(figure);
        SoakSize.Report("CIRCUITS", figure);
        Assert.InRange(after, 0, before * 1.1);
    }

    /// <summary>Opens pages, and cuts their connections without a farewell; the portal's memory while all were open.</summary>
    private static async Task<long> OpenAndDropAsync(ServingPortal portal, string cookies, int count)
    {
        var open = new ConcurrentBag<CircuitClient>();
        try
        {
            await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 12, CancellationToken = Stop }, async (_, _) => open.Add(await CircuitClient.OpenAsync(portal.Address, cookies, "/access")));
            return Resident(portal);
        }
        finally
        {
            await Task.WhenAll(open.Select(page => page.DisposeAsync().AsTask()));
        }
    }

    /// <summary>Bytes of the process that are in memory.</summary>
    private static long Resident(ServingPortal portal)
    {
        var line = File.ReadLines($"/proc/{portal.ProcessId.ToString(CultureInfo.InvariantCulture)}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
