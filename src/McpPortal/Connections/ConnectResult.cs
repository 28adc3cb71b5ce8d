using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>How a connect ended.</summary>
internal abstract record ConnectResult
{
    private ConnectResult()
    {
    }

    internal sealed record Connected(ConnectionId Connection, string Provider, string Account, string ReturnPath) : ConnectResult;

    /// <summary>
    /// The person signed in as somebody else than the connection was for. The new account is kept beside the old one and no server uses
    /// it until the person says so.
    /// </summary>
    internal sealed record OtherAccount(ConnectionId Wanted, ConnectionId Got, string Provider) : ConnectResult;

    /// <summary>The person said no at the provider.</summary>
    internal sealed record Cancelled(string ProviderName) : ConnectResult;

    /// <summary>Not the answer to anything this sign-in began. Nothing was sent to the provider.</summary>
    internal sealed record Refused(string Sentence) : ConnectResult;

    /// <summary>The provider did not play its part.</summary>
    internal sealed record Failed(string Sentence) : ConnectResult;
}
