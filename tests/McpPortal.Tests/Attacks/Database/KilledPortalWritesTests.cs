using System.Globalization;
using McpPortal.Cli;
using McpPortal.Data;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using McpPortal.Vault;

namespace McpPortal.Tests.Attacks.Database;

[Collection(WholeProcesses.Name)]
public sealed class KilledPortalWritesTests(PortalPair portals, ITestOutputHelper output)
{
    private static readonly string[] Servers = ["whoami", "whoami-stdio"];
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DB_2_A_killed_portal_loses_no_acknowledged_write_and_leaves_no_half_one()
    {
        var programs = new List<(string, UserId, string)>();
        foreach (var name in new[] { "ana", "ben", "cara" })
        {
            var person = await portals.AddAsync(name);
            foreach (var server in Servers)
            {
                await portals.ServerAsync(person, server);
                programs.Add((person.Key, person.Id, server));
            }
        }

        var (kills, total) = (SoakSize.Of(1, 20), 0);
        var wanted = SoakSize.Of(300, 500);
        for (var kill = 0; kill < kills; kill++)
        {
            await using var portal = await portals.StartAsync();
            using var writers = await Writers.AtAsync(portals.Services.Database, portals.Services.Get<SecretVault>(), portal.Address.GetLeftPart(UriPartial.Authority), programs);
            var running = writers.RunAsync(Stop);
            var (acknowledged, _) = await Eventually.AskAsync(() => Task.FromResult(writers.Acknowledged), count => count >= wanted, TimeSpan.FromMinutes(2));
            Assert.True(acknowledged >= wanted, $"{acknowledged} writes; {string.Join('\n', writers.Refusals.Take(5))}");
            await portal.KillAsync();
            await running;

            total += writers.Acknowledged;
            await writers.AssertNothingLostAsync();
            var report = await new RecordVerifier(portals.Services.Database, portals.Services.Get<SecretVault>()).VerifyAsync(Stop);
            Assert.Empty(report.Failures);
        }

        var figure = string.Create(CultureInfo.InvariantCulture, $"{total:N0} writes acknowledged, {kills} × kill -9 in between: none lost, no half one");
        output.WriteLine(figure);
        SoakSize.Report("DATABASE", figure);
    }
}
