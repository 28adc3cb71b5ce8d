using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;

namespace McpPortal.Sessions;

/// <summary>Finds, for one user and one server, the credentials that its owner agreed to send there. Answers from memory when warm.</summary>
internal sealed class CredentialResolver(AccessTokens tokens, SecretStore secrets)
{
    public async ValueTask<CredentialSet> ResolveAsync(UserId user, ServerSnapshot server, CancellationToken cancellationToken)
    {
        if (server.Credentials.Count == 0)
        {
            return new CredentialSet.Ready([]);
        }

        var items = new List<ResolvedCredential>(server.Credentials.Count);
        foreach (var need in server.Credentials)
        {
            var problem = need.Source == CredentialSource.Connection
                ? await AddTokenAsync(user, server, need, items, cancellationToken)
                : await AddSecretAsync(user, server, need, items, cancellationToken);
            if (problem is not null && need.Required)
            {
                return problem;
            }
        }

        return new CredentialSet.Ready(items);
    }

    private async ValueTask<CredentialSet?> AddTokenAsync(UserId user, ServerSnapshot server, CredentialNeed need, List<ResolvedCredential> items, CancellationToken cancellationToken)
    {
        switch (await tokens.GetAsync(user, server, need, cancellationToken))
        {
            case TokenResult.Token token:
                items.Add(new ResolvedCredential(need, token, null));
                return null;
            case TokenResult.NeedsConnection missing:
                return new CredentialSet.Missing(missing.Sentence, missing.Path);
            case TokenResult.NeedsConfirmation moved:
                return new CredentialSet.Missing(moved.Sentence, moved.Path);
            case TokenResult.ProviderDown down:
                return new CredentialSet.Down(down.Sentence);
            case var unknown:
                throw new InvalidOperationException($"Unknown token result {unknown.GetType().Name}.");
        }
    }

    private async ValueTask<CredentialSet?> AddSecretAsync(UserId user, ServerSnapshot server, CredentialNeed need, List<ResolvedCredential> items, CancellationToken cancellationToken)
    {
        var page = $"/servers/{server.Slug}";
        switch (await secrets.FindAsync(user, server, need, cancellationToken))
        {
            case SecretResult.Value value:
                items.Add(new ResolvedCredential(need, null, value));
                return null;
            case SecretResult.Missing:
                return new CredentialSet.Missing($"{server.Name} needs {need.Yours()}. Set it on the server's page.", page);
            case SecretResult.Suspended moved:
                return new CredentialSet.Missing(
                    $"{server.Name} moved from {moved.AgreedTo} to {moved.Now}. Confirm the new address on the server's page before {need.Yours()} is sent there.",
                    page);
            case var unknown:
                throw new InvalidOperationException($"Unknown secret result {unknown.GetType().Name}.");
        }
    }
}
