using System.Net;
using McpPortal.Clients;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Authentication;

/// <summary>Single-user mode as it is started, in processes of its own.</summary>
public sealed class SingleUserStartTests(PostgresCluster cluster) : IAsyncLifetime
{
    private PortalServices _data = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private IEnumerable<KeyValuePair<string, string?>> Settings =>
        [.. _data.TestDatabase.Settings, new("Vault:RootKeyFile", _data.RootKey), new("Portal:SingleUser", "true")];

    public async ValueTask InitializeAsync() => _data = await PortalServices.CreateAsync(cluster, Stop);

    public ValueTask DisposeAsync() => _data.DisposeAsync();

    [Fact]
    public async Task The_first_start_prints_a_key_once_and_the_command_line_makes_more()
    {
        string first;
        await using (var portal = await ServingPortal.StartAsync([.. Settings], Stop))
        {
            first = Assert.Single(Keys(portal.Lines));
            Assert.Equal(HttpStatusCode.NotFound, (await portal.CallAsync(first, "none", "none", cancellationToken: Stop)).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await portal.CallAsync("mcpp_wrong", "none", "none", cancellationToken: Stop)).Status);
        }

        await using (var portal = await ServingPortal.StartAsync([.. Settings], Stop))
        {
            var more = Assert.Single(Keys((await RunAsync(Settings, "access-key", "create", "--user", "default", "--name", "more")).Output.Split('\n')));
            foreach (var key in (string[])[first, more])
            {
                Assert.Equal(HttpStatusCode.NotFound, (await portal.CallAsync(key, "none", "none", cancellationToken: Stop)).Status);
            }

            Assert.Empty(Keys(portal.Lines));
        }
    }

    [Theory]
    [InlineData("Portal:PublicUrl is 'https://portal.example'", "Portal:PublicUrl", "https://portal.example")]
    [InlineData("Oidc:Authority is 'https://login.example'", "Oidc:Authority", "https://login.example")]
    [InlineData("Portal:KnownProxies is set", "Portal:KnownProxies:0", "127.0.0.1")]
    [InlineData("ASPNETCORE_FORWARDEDHEADERS_ENABLED believes", "ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true")]
    [InlineData("Portal:KnownProxies contains 'everybody'", "Portal:KnownProxies:0", "everybody")]
    [InlineData("told to listen on http://0.0.0.0:5999", "Kestrel:Endpoints:Lan:Url", "http://0.0.0.0:5999")]
    [InlineData("told to listen on http://[::]:5999", "HTTP_PORTS", "5999")]
    [InlineData("told to listen on http://[::]:5999", "URLS", "http://127.0.0.1:0;http://portal.example:5999")]
    public async Task AUTH_13_Single_user_mode_refuses_to_start_for_anybody_but_this_machine(string sentence, string key, string value)
    {
        var (code, output) = await RunAsync([.. Settings, new(key, value)], "serve");
        Assert.Equal(1, code);
        Assert.Contains(output.Split('\n').TakeLast(2), line => line.Contains(sentence, StringComparison.Ordinal));
        Assert.DoesNotContain(AccessKeyText.Prefix, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AUTH_13_Without_a_provider_and_without_the_mode_the_portal_refuses_to_start()
    {
        var (code, output) = await RunAsync([.. Settings, new("Portal:SingleUser", "false")], "serve");
        Assert.Equal(1, code);
        Assert.Contains("Oidc:Authority is ''", output, StringComparison.Ordinal);
    }

    /// <summary>What is said beside a key goes to the other stream and may arrive after it.</summary>
    private static IEnumerable<string> Keys(IEnumerable<string> lines) => lines.Where(line => line.Contains(AccessKeyText.Prefix, StringComparison.Ordinal)).Select(line =>
    {
        Assert.True(AccessKeyText.TryParse(line, out _), "The key does not stand alone on its line.");
        return line;
    });

    private static async Task<(int Code, string Output)> RunAsync(IEnumerable<KeyValuePair<string, string?>> settings, params IEnumerable<string> arguments)
    {
        var environment = settings.GroupBy(s => s.Key).ToDictionary(s => s.Key.Replace(":", "__", StringComparison.Ordinal), s => s.Last().Value, StringComparer.Ordinal);
        environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        await using var command = ChildProcess.Start("dotnet", [ServingPortal.Program, .. arguments], environment, Repository.Root);
        var code = await command.Exited.WaitAsync(TimeSpan.FromSeconds(120), Stop);
        return (code, command.Output().TrimEnd());
    }
}
