namespace McpPortal.EmailServer.Gmail;

/// <summary>What a server of one's own needs to get access tokens by itself.</summary>
internal sealed class GmailClientCredentials(string clientId, string clientSecret, string refreshToken)
{
    public string ClientId => clientId;

    public string ClientSecret => clientSecret;

    public string RefreshToken => refreshToken;

    public override string ToString() => "***";
}
