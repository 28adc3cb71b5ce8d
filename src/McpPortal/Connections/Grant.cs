using McpPortal.Connections.Providers;
using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>A finished connect, about to be stored.</summary>
internal sealed class Grant
{
    public required UserId User { get; init; }

    public required Provider Provider { get; init; }

    public required ProviderAccount Account { get; init; }

    public required TokenSet Tokens { get; init; }

    public required IReadOnlyList<string> AskedScopes { get; init; }

    public IReadOnlyList<AgreedDestination> Agreed { get; init; } = [];

    public string? Label { get; init; }
}
