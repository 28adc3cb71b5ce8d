using System.Net;
using System.Net.Http.Headers;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Outbound;
using McpPortal.Secrets;
using McpPortal.Servers;

namespace McpPortal.Sessions;

/// <summary>
/// Puts one user's credentials into requests to one destination, decrypted for the request. Requests elsewhere go out without any.
/// A 401 is answered once with a newer token, because the request was refused before anything was done.
/// </summary>
internal sealed class CredentialHandler(UserId user, ServerSnapshot server, CredentialResolver resolver, AccessTokens tokens, SecretStore secrets) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (DestinationOrigin.Of(request.RequestUri!) != server.Destination)
        {
            request.Headers.Authorization = null;
            return await base.SendAsync(request, cancellationToken);
        }

        await AddHeadersAsync(request, cancellationToken);
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
        {
            return response;
        }

        if (request.Headers.Authorization is { Parameter: { } refused } && await NewerTokenAsync(refused, cancellationToken) is { } token)
        {
            response.Dispose();
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.Unauthorized)
            {
                return response;
            }
        }

        response.Dispose();
        throw Rejected();
    }

    private async Task AddHeadersAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        foreach (var need in server.Credentials.Where(need => need.Placement == CredentialPlacement.Header))
        {
            if (await ResolveAsync(need, cancellationToken) is not { } credential)
            {
                continue;
            }

            using var plaintext = credential.Token is { } token
                ? await tokens.RevealAsync(token, cancellationToken)
                : await secrets.RevealAsync(credential.Secret!, cancellationToken);

            // Add validates, unlike TryAddWithoutValidation; its message would quote the value, so it is not passed on.
            var value = plaintext.Reveal();
            if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                throw new CredentialRejectedException($"Your {need.Label ?? need.Name} for {server.Name} holds characters that a header cannot carry. Replace it.", $"/servers/{server.Slug}");
            }

            request.Headers.Remove(need.Target!);
            request.Headers.Add(need.Target!, value);
        }
    }

    /// <summary>A token other than the refused one: another call may have renewed it already, otherwise it is renewed now.</summary>
    private async Task<string?> NewerTokenAsync(string refused, CancellationToken cancellationToken)
    {
        var need = server.Credentials.FirstOrDefault(need => need is { Placement: CredentialPlacement.Bearer, Source: CredentialSource.Connection });
        if (need is null || await tokens.GetAsync(user, server, need, cancellationToken) is not TokenResult.Token current)
        {
            return null;
        }

        using (var plaintext = await tokens.RevealAsync(current, cancellationToken))
        {
            var known = plaintext.Reveal();
            if (known != refused)
            {
                return known;
            }
        }

        if (await tokens.RejectedAsync(user, server, need, current.Generation, cancellationToken) is not TokenResult.Token renewed || renewed.Generation == current.Generation)
        {
            return null;
        }

        using var renewedPlaintext = await tokens.RevealAsync(renewed, cancellationToken);
        return renewedPlaintext.Reveal();
    }

    private async ValueTask<ResolvedCredential?> ResolveAsync(CredentialNeed need, CancellationToken cancellationToken) =>
        await resolver.ResolveAsync(user, server, cancellationToken) is CredentialSet.Ready ready ? ready.Items.FirstOrDefault(item => item.Need == need) : null;

    private CredentialRejectedException Rejected()
    {
        var connection = server.Credentials.FirstOrDefault(need => need is { Source: CredentialSource.Connection, Placement: CredentialPlacement.Bearer });
        return connection is null
            ? new CredentialRejectedException($"{server.Name} refused what you stored for it. Replace it on the server's page.", $"/servers/{server.Slug}")
            : new CredentialRejectedException($"{server.Name} refused your account's token. Reconnect the account to go on.", $"/connect/{connection.Provider}?server={server.Slug}");
    }
}
