namespace McpPortal.Sandbox.OAuth;

internal static class AuthorizeChecks
{
    /// <summary>Null when the request is fine. A wrong client or redirect address is never redirected to (RFC 6749 §4.1.2.1).</summary>
    public static AuthorizeProblem? Check(AuthorizeRequest request, SandboxClient client)
    {
        if (request.ClientId != client.Id)
        {
            return new("This application is not registered here.");
        }

        if (!IsRegistered(client, request.RedirectUri))
        {
            return new("The address to return to is not registered for this application.");
        }

        if (request.ResponseType != "code")
        {
            return new("Only response_type=code is supported.", "unsupported_response_type");
        }

        if (request.CodeChallengeMethod != "S256" || request.CodeChallenge is not { Length: 43 })
        {
            return new("A code_challenge with code_challenge_method=S256 is required.", "invalid_request");
        }

        return null;
    }

    private static bool IsRegistered(SandboxClient client, string? uri) =>
        uri is not null && (client.RedirectUris.Contains(uri) || (client.AllowLoopback && Loopback.IsHttp(uri)));
}
