namespace McpPortal.Sandbox.OAuth;

/// <summary>The form of a token or revocation request, with the client's credentials from either place (RFC 6749 §2.3.1).</summary>
internal sealed record TokenRequest(IFormCollection Form, string? ClientId, string? ClientSecret, bool Basic)
{
    public string? GrantType => One("grant_type");

    public string? Code => One("code");

    public string? RedirectUri => One("redirect_uri");

    public string? CodeVerifier => One("code_verifier");

    public string? RefreshToken => One("refresh_token");

    public string? Token => One("token");

    public string? One(string name) => Form[name] is { Count: 1 } values && values[0] is { Length: > 0 } value ? value : null;

    public bool IsFrom(SandboxClient client) => ClientId == client.Id && Randoms.Same(ClientSecret, client.Secret);

    public static async Task<TokenRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var form = request.HasFormContentType ? await request.ReadFormAsync(cancellationToken) : FormCollection.Empty;
        var fromForm = new TokenRequest(form, null, null, Basic: false);
        var (id, secret) = BasicCredentials.Read(request);
        return id is not null
            ? fromForm with { ClientId = id, ClientSecret = secret, Basic = true }
            : fromForm with { ClientId = fromForm.One("client_id"), ClientSecret = fromForm.One("client_secret") };
    }
}
