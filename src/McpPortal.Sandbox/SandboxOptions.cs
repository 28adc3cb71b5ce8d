namespace McpPortal.Sandbox;

/// <summary>Settings of the sandbox, section <c>Sandbox</c>; every default works on a fresh machine.</summary>
public sealed class SandboxOptions
{
    /// <summary>Loopback address to listen on; port 0 takes a free one.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:5090";

    /// <summary>Skips the sign-in and consent clicks when the request names a person.</summary>
    public bool AutoConsent { get; set; }

    /// <summary>Folder that keeps signing keys, tokens and mailboxes over a restart; null keeps them in memory.</summary>
    public string? DataDir { get; set; }

    public SandboxClient Portal { get; set; } = new()
    {
        Id = "portal",
        Secret = "sandbox-only-not-a-secret-portal",
        RedirectUris = ["http://localhost:5080/signin-oidc"],
        PostLogoutRedirectUris = ["http://localhost:5080/signout-callback-oidc"],
        BackChannelLogoutPath = "/backchannel-logout",
    };

    public SandboxClient Google { get; set; } = new()
    {
        Id = "sandbox-google-client",
        Secret = "sandbox-only-not-a-secret-google",
    };

    public SandboxClient GitHub { get; set; } = new()
    {
        Id = "sandbox-github-client",
        Secret = "sandbox-only-not-a-secret-github",
    };
}
