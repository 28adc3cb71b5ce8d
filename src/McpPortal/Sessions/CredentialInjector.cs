using System.Text.Json.Nodes;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Secrets;

namespace McpPortal.Sessions;

/// <summary>Fills credentials into tool arguments, for servers that take them there.</summary>
internal sealed class CredentialInjector(AccessTokens tokens, SecretStore secrets)
{
    /// <summary>Adds the arguments; the caller's own values were refused before.</summary>
    public async ValueTask FillAsync(CredentialSet.Ready ready, JsonObject arguments, CancellationToken cancellationToken)
    {
        foreach (var item in ready.Items.Where(item => item.Need.Placement == CredentialPlacement.Argument))
        {
            using var plaintext = item.Token is { } token ? await tokens.RevealAsync(token, cancellationToken) : await secrets.RevealAsync(item.Secret!, cancellationToken);
            arguments[item.Need.Target!] = plaintext.Reveal();
        }
    }
}
