using System.Text.Json;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Accounts;

/// <summary>The certified OpenID provider from npm, with the portal as its client.</summary>
internal sealed class PeerProvider : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private PeerProvider(ChildProcess process, string issuer) => (_process, Issuer) = (process, issuer);

    public string Issuer { get; }

    public ChildProcess Process => _process;

    public static async Task<PeerProvider> StartAsync(string portal, string authentication = "client_secret_basic", string algorithm = "RS256", bool conform = true)
    {
        var clients = JsonSerializer.Serialize(new[]
        {
            new
            {
                client_id = "portal",
                client_secret = "sandbox-only-not-a-secret-portal",
                redirect_uris = new[] { $"{portal}/signin-oidc" },
                post_logout_redirect_uris = new[] { $"{portal}/signout-callback-oidc" },
                token_endpoint_auth_method = authentication,
                id_token_signed_response_alg = algorithm,
                backchannel_logout_uri = $"{portal}/backchannel-logout",
                backchannel_logout_session_required = true,
            },
        });
        var process = ChildProcess.Start(
            Repository.Node,
            [Path.Combine(Repository.Root, "tests", "peers", "oidc-provider.mjs")],
            new Dictionary<string, string?> { ["CLIENTS"] = clients, ["CONFORM"] = conform ? "1" : "0" });
        var line = await process.WaitForLineAsync("oidc-provider ready: ");
        return new PeerProvider(process, line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..].Trim());
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
