namespace McpPortal.Clients.OAuth;

/// <summary>Dynamic client registration (RFC 7591), open to everybody: what registers can ask people, and nothing more.</summary>
internal static class RegistrationEndpoints
{
    public static void MapRegistration(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost(ServerMetadata.RegisterPath, RegisterAsync);

    private static async Task<IResult> RegisterAsync(HttpContext context, RegisteredClients clients, Registrations registrations, RedirectRules redirects, TimeProvider time, CancellationToken cancellationToken)
    {
        var from = context.Connection.RemoteIpAddress?.ToString();
        if (!context.Request.HasJsonContentType() || ClientMetadata.Parse(await ReadAsync(context.Request, cancellationToken)) is not { } metadata)
        {
            return OAuthAnswers.Error("invalid_client_metadata", "Send the client's metadata as a JSON object.");
        }

        if (metadata.GrantTypes?.Contains("authorization_code") == false || metadata.ResponseTypes?.Contains("code") == false)
        {
            return OAuthAnswers.Error("invalid_client_metadata", "Clients here use the authorization code grant.");
        }

        var (details, fault) = ClientDetails.Check(metadata, redirects);
        if (details is null)
        {
            return OAuthAnswers.Error("invalid_redirect_uri", fault!);
        }

        return registrations.MayRegister(from ?? "")
            ? OAuthAnswers.Registered(await clients.RegisterAsync(details, from, cancellationToken), time.GetUtcNow())
            : OAuthAnswers.TooMany(context, Registrations.Window);
    }

    private static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        return body.ToArray();
    }
}
