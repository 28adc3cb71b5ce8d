using System.Net;

namespace McpPortal.Tests.Sandbox;

public sealed class RestartTests
{
    [Fact]
    public async Task A_restart_keeps_keys_tokens_and_mail()
    {
        var folder = Directory.CreateTempSubdirectory("sandbox-").FullName;
        try
        {
            string jwks;
            string ids;
            ProviderAccount ana;
            await using (var before = await SandboxHost.StartAsync(options => options.DataDir = folder))
            {
                ana = await ProviderAccount.GoogleAsync(before, "ana@gmail.sandbox.test");
                jwks = await before.Browser.GetStringAsync("/oidc/jwks");
                ids = (await ana.GetAsync("/google/gmail/v1/users/me/messages")).ToJsonString();
            }

            var file = await File.ReadAllTextAsync(Path.Combine(folder, "sandbox.json"));
            Assert.DoesNotContain(ana.AccessToken, file, StringComparison.Ordinal);
            Assert.DoesNotContain(ana.RefreshToken!, file, StringComparison.Ordinal);

            await using var after = await SandboxHost.StartAsync(options => options.DataDir = folder);
            Assert.Equal(jwks, await after.Browser.GetStringAsync("/oidc/jwks"));
            var again = new ProviderAccount(after, "google", ana.Tokens);
            Assert.Equal(ids, (await again.GetAsync("/google/gmail/v1/users/me/messages")).ToJsonString());
            Assert.Equal(HttpStatusCode.OK, (await again.RefreshAsync()).Status);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
