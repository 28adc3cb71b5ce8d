namespace McpPortal.Sandbox;

/// <summary>An application that is registered at one of the sandbox's providers.</summary>
public sealed class SandboxClient
{
    public string Id { get; set; } = "";

    public string Secret { get; set; } = "";

    public IList<string> RedirectUris { get; set; } = [];

    public IList<string> PostLogoutRedirectUris { get; set; } = [];

    /// <summary>Where logout tokens are posted when a person signs out (OpenID Connect Back-Channel Logout 1.0 §2.5); null = <see cref="BackChannelLogoutPath"/> at the address the person returned to.</summary>
    public string? BackChannelLogoutUri { get; set; }

    /// <summary>Null = no logout tokens unless <see cref="BackChannelLogoutUri"/> is set.</summary>
    public string? BackChannelLogoutPath { get; set; }

    /// <summary>Accepts any <c>http</c> loopback address beside the listed ones, so that a portal on a free port needs no registration.</summary>
    public bool AllowLoopback { get; set; } = true;

    /// <summary><c>RS256</c> or <c>ES256</c>.</summary>
    public string IdTokenAlgorithm { get; set; } = "RS256";
}
