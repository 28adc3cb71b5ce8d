using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>What a person decided on the connect page.</summary>
internal sealed record ConnectRequest
{
    public required UserId User { get; init; }

    public required SignInSessionId SignIn { get; init; }

    /// <summary>Name of the provider in addresses.</summary>
    public required string Provider { get; init; }

    /// <summary>The portal's own address, which the redirect path is added to.</summary>
    public required Uri Portal { get; init; }

    public IReadOnlyList<ConnectTarget> Targets { get; init; } = [];

    public string? ReturnPath { get; init; }

    /// <summary>The connection to renew; null connects a further account.</summary>
    public ConnectionId? Reconnect { get; init; }

    public string? Label { get; init; }
}
