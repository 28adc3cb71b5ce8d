using System.Text.Json.Nodes;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;

namespace McpPortal.Sessions;

/// <summary>Takes a person's credentials out of what their server says about an error or about itself, should it repeat what it was sent.</summary>
internal sealed class CredentialScrubber(CredentialResolver resolver, AccessTokens tokens, SecretStore secrets)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>A scrubber of the credentials of one call and of those that replaced them meanwhile; null when they cannot be read, so that nothing can be vouched for.</summary>
    public async Task<SecretScrubber?> FindAsync(UserId user, ServerSnapshot server, CredentialSet.Ready? used)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var values = new List<string>();
            var now = await resolver.ResolveAsync(user, server, patience.Token) as CredentialSet.Ready;
            foreach (var item in (used?.Items ?? []).Concat(now?.Items ?? []))
            {
                using var plaintext = item.Token is { } token ? await tokens.RevealAsync(token, patience.Token) : await secrets.RevealAsync(item.Secret!, patience.Token);
                values.Add(plaintext.Reveal());
            }

            return new SecretScrubber(values);
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>The same definition of a tool, or of whatever a server lists, without credentials in its names, descriptions and schema.</summary>
    public static JsonObject Scrub(SecretScrubber scrubber, JsonObject definition)
    {
        var text = definition.ToJsonString();
        var scrubbed = scrubber.Scrub(text);
        return ReferenceEquals(text, scrubbed) ? definition : (JsonObject)JsonNode.Parse(scrubbed)!;
    }
}
