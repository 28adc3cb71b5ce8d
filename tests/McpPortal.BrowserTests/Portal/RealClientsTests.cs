using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Tests.Rig;
using Microsoft.Playwright;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;

namespace McpPortal.BrowserTests.Portal;

/// <summary>Real clients that know nothing but an address, and a person who consents in a real browser.</summary>
[Collection(PortalTests.Name)]
public sealed class RealClientsTests(PortalInUse inUse)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Uri Address => new(inUse.Portal.Address, "/mcp/whoami");

    [Theory]
    [InlineData("v1", "test-311")]
    [InlineData("v2", "test-312")]
    public async Task A_TypeScript_client_is_let_in_calls_refreshes_and_gives_its_access_back(string mode, string user)
    {
        await using var person = await inUse.EnterAsync(user);
        var hash = await KeepSecretAsync(person);
        await using var client = ChildProcess.Start(Repository.Node, [Path.Combine(Repository.Root, "tests", "peers", "oauth-client.mjs"), mode, Address.AbsoluteUri, "whoami"]);
        var opened = await client.WaitForLineAsync(line => line.StartsWith("open ", StringComparison.Ordinal), cancellationToken: Stop);

        var page = await AllowAsync(person, opened["open ".Length..]);

        await page.GetByText("You can close this window.").WaitForAsync();
        var seen = JsonNode.Parse(await client.WaitForLineAsync(line => line.StartsWith('{'), cancellationToken: Stop))!;
        Assert.Equal((hash, hash, true), ((string?)seen["sha256"], (string?)seen["again"], (bool)seen["rotated"]!));
        Assert.Equal(("UnauthorizedError", 200, 401), ((string?)seen["error"], (int)seen["revoked"]!, (int)seen["refused"]!));
        Assert.Equal(0, await client.Exited);
        Assert.Empty(inUse.Canaries.Leaks());
    }

    [Theory]
    [InlineData("legacy", "test-313")]
    [InlineData("modern", "test-314")]
    public async Task The_Inspector_is_let_in_calls_refreshes_and_is_refused_once_its_person_revokes_it(string era, string user)
    {
        await using var person = await inUse.EnterAsync(user);
        var hash = await KeepSecretAsync(person);
        var inspector = new Inspector(Address, era);
        await using var first = inspector.Begin("--method", "tools/call", "--tool-name", "whoami");

        await AllowAsync(person, (await Inspector.WantsOpenedAsync(first, Stop)).AbsoluteUri);

        Assert.True(await first.Exited == 0, first.Output());
        Assert.Contains(hash, first.Output(), StringComparison.Ordinal);

        // Nobody is asked any more, also when the access token has ended.
        await EndAccessAsync();
        await using (var again = inspector.Again("--method", "tools/call", "--tool-name", "whoami"))
        {
            Assert.True(await again.Exited == 0, again.Output());
            Assert.Contains(hash, again.Output(), StringComparison.Ordinal);
        }

        await RevokeAsync(person);
        await using (var last = inspector.Again("--method", "tools/list"))
        {
            Assert.NotEqual(0, await last.Exited);
            Assert.Contains("auth_required", last.Output(), StringComparison.Ordinal);
        }

        Assert.Empty(inUse.Canaries.Leaks());
    }

    [Theory]
    [InlineData("2025-11-25", "test-315")]
    [InlineData("2026-07-28", "test-316")]
    public async Task A_Csharp_client_is_let_in_calls_refreshes_and_is_refused_once_its_person_revokes_it(string version, string user)
    {
        await using var person = await inUse.EnterAsync(user);
        var hash = await KeepSecretAsync(person);
        using var listener = new CallbackListener();
        var (tokens, asked) = (new KeptTokens(), 0);
        await using var client = await McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions
            {
                Endpoint = Address,
                TransportMode = HttpTransportMode.StreamableHttp,
                OAuth = new ClientOAuthOptions
                {
                    RedirectUri = listener.Address,
                    TokenCache = tokens,
                    DynamicClientRegistration = new DynamicClientRegistrationOptions { ClientName = "A C# client" },
                    AuthorizationCallbackHandler = async (context, _) => Interlocked.Increment(ref asked) == 1 ? await AnswerAsync(person, context.AuthorizationUri, listener) : null,
                },
            }),
            new McpClientOptions { ProtocolVersion = version },
            cancellationToken: Stop);
        Assert.Equal((version, hash), (client.NegotiatedProtocolVersion, await CallAsync()));

        // Nobody is asked any more, also when the access token has ended.
        var first = tokens.Last!;
        await EndAccessAsync();
        Assert.Equal(hash, await CallAsync());
        Assert.NotEqual((first.AccessToken, first.RefreshToken), (tokens.Last!.AccessToken, tokens.Last.RefreshToken));
        Assert.Equal(1, asked);

        await RevokeAsync(person);
        var revoked = Stopwatch.GetTimestamp();
        while (await Record.ExceptionAsync(CallAsync) is null)
        {
            Assert.True(Stopwatch.GetElapsedTime(revoked) < TimeSpan.FromSeconds(2), "A client that was revoked still calls.");
        }

        Assert.Empty(inUse.Canaries.Leaks());

        async Task<string?> CallAsync() => (string?)JsonSerializer.SerializeToNode((await client.CallToolAsync("whoami", cancellationToken: Stop)).StructuredContent)!["sha256"];
    }

    /// <summary>As if an hour had passed for the access tokens. Of what changes past it the portal hears within two seconds.</summary>
    private async Task EndAccessAsync()
    {
        await inUse.Portal.SqlAsync("update oauth_tokens set expires_at = now() - interval '1 hour' where kind = 1; insert into invalidations (kind, subject) select 9, id from users;");
        await Task.Delay(TimeSpan.FromSeconds(3), Stop);
    }

    /// <summary>On the Access page.</summary>
    private static async Task RevokeAsync(IBrowserContext person)
    {
        var page = await person.NewPageAsync();
        await page.GotoAsync("/access");
        await page.WaitForCircuitAsync();
        await page.RevokeClientAsync();
    }

    /// <summary>Allows what a client wants, which takes the answer where it said.</summary>
    private static async Task<AuthorizationResult> AnswerAsync(IBrowserContext person, Uri address, CallbackListener listener)
    {
        var answered = listener.AnswerAsync(Stop);
        await AllowAsync(person, address.AbsoluteUri);
        var said = await answered;
        return new AuthorizationResult { Code = said["code"], State = said["state"], Iss = said["iss"] };
    }

    /// <summary>The person types what the server asks for.</summary>
    /// <returns>What the server shows of it.</returns>
    private static async Task<string> KeepSecretAsync(IBrowserContext person)
    {
        var secret = $"not-a-secret-{Guid.NewGuid():n}";
        var page = await person.NewPageAsync();
        await page.GotoAsync("/servers/whoami");
        await page.WaitForCircuitAsync();
        var field = page.Locator("input[type=password]").First;
        await field.FillAsync(secret);
        await field.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "Replace" }).WaitForAsync();
        await page.CloseAsync();
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
    }

    /// <summary>Opens what the client wants opened and allows it; the browser follows the answer to the client.</summary>
    private static async Task<IPage> AllowAsync(IBrowserContext person, string address)
    {
        var page = await person.NewPageAsync();
        await page.GotoAsync(address);
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow", Exact = true }).ClickAsync();
        return page;
    }
}
