using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>What the provider sent back with a person's browser. All of it is a stranger's input.</summary>
internal sealed record ConnectReturn
{
    public required UserId User { get; init; }

    public required SignInSessionId SignIn { get; init; }

    /// <summary>From the redirect path, which tells the providers apart (mix-up, cross-tool takeover).</summary>
    public required string Provider { get; init; }

    public string? State { get; init; }

    public string? Code { get; init; }

    public string? Error { get; init; }

    /// <summary>RFC 9207.</summary>
    public string? Issuer { get; init; }

    public override string ToString() => Provider;
}
