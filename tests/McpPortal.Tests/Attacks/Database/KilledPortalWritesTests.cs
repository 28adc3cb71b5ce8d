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

        for (var kill = 0; kill < SoakSize.Of(1, 20); kill++)
        {
            await using var portal = await portals.StartAsync();
            using var writers = await Writers.AtAsync(portals.Services.Database, portals.Services.Get<SecretVault>(), portal.Address.GetLeftPart(UriPartial.Authority), programs);
            var running = writers.RunAsync(Stop);
            var wanted = SoakSize.Of(300, 10_000);
            var (acknowledged, _) = await Eventually.AskAsync(() => Task.FromResult(writers.Acknowledged), count => count >= wanted, TimeSpan.FromMinutes(SoakSize.Of(2, 20)));
            Assert.True(acknowledged >= wanted, $"{acknowledged} writes; {string.Join('\n', writers.Refusals.Take(5))}");
            await portal.KillAsync();
            await running;

            output.WriteLine($"{writers.Acknowledged} writes acknowledged before the kill.");
            await writers.AssertNothingLostAsync();
            var report = await new RecordVerifier(portals.Services.Database, portals.Services.Get<SecretVault>()).VerifyAsync(Stop);
            Assert.Empty(report.Failures);
        }
    }
}
