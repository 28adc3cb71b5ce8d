using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;

namespace McpPortal.Calls;

/// <summary>How a credential that a server needs stands for one person.</summary>
internal enum CredentialStatus
{
    Ready,
    Missing,

    /// <summary>The server moved; its owner has not agreed to the new destination.</summary>
    Suspended,

    /// <summary>The provider refused the grant.</summary>
    Reconnect,
}

/// <summary>The state of one need, for pages.</summary>
/// <param name="Need">What the server asks for.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Account">The account of a connection, or "shared" for what a group or the organisation gave.</param>
/// <param name="AgreedTo">Of a suspended one: the destination its owner agreed to.</param>
internal sealed record CredentialState(CredentialNeed Need, CredentialStatus Status, string? Account = null, string? AgreedTo = null);

/// <summary>Tells, from memory and without any request, which credentials of a server are in place.</summary>
internal sealed class CredentialStates(SecretStore secrets, GrantCache grants)
{
    public async ValueTask<IReadOnlyList<CredentialState>> ForAsync(UserId user, ServerSnapshot server, CancellationToken cancellationToken)
    {
        List<CredentialState> states = [];
        foreach (var need in server.Credentials)
        {
            states.Add(need.Source == CredentialSource.Secret
                ? Of(need, await secrets.FindAsync(user, server, need, cancellationToken))
                : Of(need, server, await grants.GetAsync(user, cancellationToken)));
        }

        return states;
    }

    private static CredentialState Of(CredentialNeed need, SecretResult result) => result switch
    {
        SecretResult.Value value => new(need, CredentialStatus.Ready, value.Owner.Kind == OwnerKind.User ? null : "shared"),
        SecretResult.Suspended suspended => new(need, CredentialStatus.Suspended, AgreedTo: suspended.AgreedTo),
        _ => new(need, CredentialStatus.Missing),
    };

    private static CredentialState Of(CredentialNeed need, ServerSnapshot server, UserGrants grants)
    {
        if (grants.Link(server.Id, need.Name) is not { } link || grants.Connection(link.ConnectionId) is not { } connection)
        {
            return new(need, CredentialStatus.Missing);
        }

        return connection.Status == ConnectionStatus.ReauthRequired ? new(need, CredentialStatus.Reconnect, connection.Account)
            : connection.Status != ConnectionStatus.Connected ? new(need, CredentialStatus.Missing)
            : link.Destination != server.Destination ? new(need, CredentialStatus.Suspended, connection.Account, link.Destination)
            : new(need, CredentialStatus.Ready, connection.Account);
    }
}
