using System.Net;
using McpPortal.Audit;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;

namespace McpPortal.Tests.Promises;

[Collection(WholeProcesses.Name)]
public sealed class MovedServerTests(PortalPair portals)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly CredentialNeed Secret = new() { Name = "token", Source = CredentialSource.Secret, Placement = CredentialPlacement.Header, Target = "X-Whoami-Token", Label = "Token" };

    private static readonly CredentialNeed Connection = new() { Name = "github", Source = CredentialSource.Connection, Provider = "github", Scopes = ["repo"], Placement = CredentialPlacement.Bearer, Label = "GitHub" };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("secret")]
    [InlineData("connection")]
    public async Task An_edited_address_suspends_every_credential_until_its_owner_confirms(string kind)
    {
        var slug = $"moving-{kind}";
        var (admin, ana, ben) = (await portals.AddAsync("cara", Roles.Admin), await portals.AddAsync("ana"), await portals.AddAsync("ben"));
        var draft = new ServerDraft { Slug = slug, Name = "Moving", Url = $"{portals.Sandbox.Address}/mcp/whoami", Credentials = [kind == "secret" ? Secret : Connection] };
        Assert.IsType<ServerEditResult.Saved>(await portals.Services.Get<ServerEditor>().AddAsync(draft, templateKey: null, everyone: true, Actor.Page(admin.Id), Stop));
        foreach (var (person, name) in new[] { (ana, "ana"), (ben, "ben") })
        {
            await (kind == "secret" ? portals.SetSecretAsync(person, slug, "token", $"secret-of-{name}") : portals.ConnectAsync(person, slug, "github", $"{name}-dev"));
        }

        var hashes = new Dictionary<Person, string>();
        foreach (var person in new[] { ana, ben })
        {
            foreach (var portal in portals.Both)
            {
                var (answer, _) = await Eventually.AskAsync(() => portal.CallAsync(person.Key, slug, "whoami", cancellationToken: Stop), a => a.Succeeded, Patience);
                Assert.True(answer.Succeeded, $"{answer}\n{portal.Output()}");
                hashes[person] = answer.Sha256!;
            }
        }

        var (visits, brought) = (portals.Door.Connections, portals.Door.Brought().Length);
        var before = await portals.ServerAsync(ana, slug);
        var moved = Assert.IsType<ServerEditResult.Saved>(await portals.Services.Get<ServerEditor>().ChangeAsync(
            before.Id, before.Version, draft with { Url = $"http://127.0.0.1:{portals.Door.Port}/mcp/whoami" }, Actor.Page(admin.Id), Stop));
        Assert.Equal(2, moved.Suspended);

        foreach (var portal in portals.Both)
        {
            foreach (var person in new[] { ana, ben })
            {
                // A call that was on its way when the change came is stopped, which is another answer (403).
                var (answer, after) = await Eventually.AskAsync(() => portal.CallAsync(person.Key, slug, "whoami", cancellationToken: Stop), a => a.Status == HttpStatusCode.Conflict, Patience);
                Assert.Equal(HttpStatusCode.Conflict, answer.Status);
                Assert.Contains(slug, answer.ConnectUrl, StringComparison.Ordinal);
                Assert.InRange(after, TimeSpan.Zero, TimeSpan.FromSeconds(2));
            }
        }

        Assert.Equal(visits, portals.Door.Connections);

        var now = await portals.ServerAsync(ana, slug);
        Assert.NotEqual(before.Destination, now.Destination);
        if (kind == "secret")
        {
            Assert.IsType<ConfirmResult.Confirmed>(await portals.Services.Get<SecretStore>().ConfirmDestinationAsync(ana.Id, now, now.Destination, Actor.Page(ana.Id), Stop));
        }
        else
        {
            Assert.True(await portals.Services.Get<MyConnections>().ConfirmDestinationAsync(ana.Id, now, now.Destination, Stop));
        }

        foreach (var portal in portals.Both)
        {
            var (answer, _) = await Eventually.AskAsync(() => portal.CallAsync(ana.Key, slug, "whoami", cancellationToken: Stop), a => a.Succeeded, Patience);
            Assert.True(answer.Succeeded, $"{answer}\n{portal.Output()}");
            Assert.Equal(hashes[ana], answer.Sha256);
            Assert.Equal(HttpStatusCode.Conflict, (await portal.CallAsync(ben.Key, slug, "whoami", cancellationToken: Stop)).Status);
        }

        // Everything that ever came to the new address carried ana's credential and no other.
        var heads = portals.Door.Brought()[brought..].Split('\n').Where(line => line.StartsWith("X-Whoami-Token:", StringComparison.OrdinalIgnoreCase) || line.StartsWith("Authorization:", StringComparison.OrdinalIgnoreCase)).ToList();
        Assert.NotEmpty(heads);
        Assert.All(heads, line => Assert.Equal(hashes[ana], Hash(line)));
    }

    private static string Hash(string header)
    {
        var value = header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        var credential = value.StartsWith("Bearer ", StringComparison.Ordinal) ? value["Bearer ".Length..] : value;
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(credential)));
    }
}
