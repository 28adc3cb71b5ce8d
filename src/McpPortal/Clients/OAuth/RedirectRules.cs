namespace McpPortal.Clients.OAuth;

/// <summary>Where a client may have its answer sent: https, plain http on the person's own machine, or an app that is known here.</summary>
internal sealed class RedirectRules(ClientsOptions options)
{
    /// <summary>Registered by Cursor beside an address of https and one of the person's own machine.</summary>
    private readonly HashSet<string> _apps = new(["cursor://anysphere.cursor-mcp/oauth/callback", .. options.AppRedirects], StringComparer.Ordinal);

    /// <returns>A sentence that says why it cannot be one, or null.</returns>
    public string? Refusal(string? text) =>
        RedirectUris.Parse(text) is not { } url ? "A redirect URI is an absolute address without a user name, a fragment, blanks or special characters."
        : (text!.StartsWith("https://", StringComparison.Ordinal) && url.Host.Length > 0) || RedirectUris.IsLoopback(text) || _apps.Contains(text) ? null
        : RedirectUris.IsApp(text) ? $"The portal does not know the app that opens {text}. An administrator can add this address to Clients:AppRedirects."
        : "A redirect URI begins with https://, with http:// and 127.0.0.1, [::1] or localhost, or is the address of an app.";

    /// <summary>
    /// An app's own address (RFC 8252 §7.1) that nobody allowed here. Anybody may register a client, and what a machine starts for a scheme can be anything:
    /// answers go only to apps of this list, each by its whole address.
    /// </summary>
    public bool IsUnknownApp(string? text) => RedirectUris.IsApp(text) && !_apps.Contains(text!);
}
