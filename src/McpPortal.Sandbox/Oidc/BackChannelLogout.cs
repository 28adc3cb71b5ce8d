using McpPortal.Sandbox.People;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.Oidc;

/// <summary>Tells every client of a session that its person has signed out.</summary>
internal sealed partial class BackChannelLogout(SandboxOptions options, OidcTokens tokens, SignInSessions sessions, IHttpClientFactory clients, ILogger<BackChannelLogout> logger)
{
    /// <summary>Ends the session and posts the logout tokens; the statuses that came back, 0 where nobody answered.</summary>
    public async Task<IReadOnlyList<int>> EndAsync(SignedIn session, CancellationToken cancellationToken)
    {
        sessions.End(session.Id);
        return await Task.WhenAll(session.BackChannels.ToList().Select(uri => TellAsync(session, uri, cancellationToken)));
    }

    private async Task<int> TellAsync(SignedIn session, string uri, CancellationToken cancellationToken)
    {
        var token = tokens.LogoutToken(Residents.Find(session.Person)!, options.Portal, session.Id);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            using var client = clients.CreateClient();
            using var form = new FormUrlEncodedContent([new("logout_token", token)]);
            using var response = await client.PostAsync(new Uri(uri), form, timeout.Token);
            return (int)response.StatusCode;
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or OperationCanceledException)
        {
            Log.NotTold(logger, uri, unreachable);
            return 0;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The client at {Uri} could not be told that a person signed out")]
        public static partial void NotTold(ILogger logger, string uri, Exception exception);
    }
}
