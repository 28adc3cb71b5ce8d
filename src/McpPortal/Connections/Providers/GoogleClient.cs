using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Flows;
using Google.Apis.Auth.OAuth2.Requests;
using Google.Apis.Http;

namespace McpPortal.Connections.Providers;

/// <summary>Google through its own library, held to one request per call and to the portal's own reading of the answer.</summary>
internal sealed class GoogleClient(ProviderHttp http) : ProviderClient(http)
{
    // The library asks for a user id for its data store, which is not used.
    private const string Nobody = "-";

    public override (Uri Address, string Verifier) Authorize(OAuthApp app, AuthorizeRequest request)
    {
        using var flow = Flow(app, new Wire(Http), request);
        var url = (GoogleAuthorizationCodeRequestUrl)flow.CreateAuthorizationCodeRequest(request.RedirectUri, out var verifier);
        url.State = request.State;

        // Only a consent that is asked for again comes with a refresh token.
        url.AccessType = "offline";
        url.Prompt = request.ChooseAccount ? "select_account consent" : "consent";
        url.LoginHint = request.LoginHint;
        return (url.Build(), verifier);
    }

    public override Task<TokenAnswer> ExchangeAsync(OAuthApp app, string code, string verifier, string redirectUri, CancellationToken cancellationToken) =>
        AskAsync(app, flow => flow.ExchangeCodeForTokenAsync(Nobody, code, verifier, redirectUri, cancellationToken), cancellationToken);

    public override Task<TokenAnswer> RefreshAsync(OAuthApp app, string refreshToken, CancellationToken cancellationToken) =>
        AskAsync(app, flow => flow.RefreshTokenAsync(Nobody, refreshToken, cancellationToken), cancellationToken);

    /// <summary>
    /// Revoking any token ends the person's whole grant at Google. While another connection of the account lives on, superseded tokens
    /// are therefore left to expire.
    /// </summary>
    public override async Task<RevocationAnswer> RevokeAsync(OAuthApp app, TokenSet tokens, RevocationReach reach, CancellationToken cancellationToken)
    {
        if (app.RevocationEndpoint is null || reach == RevocationReach.Tokens)
        {
            return RevocationAnswer.Unsupported;
        }

        return Revocation(await SendAsync(app, flow => flow.RevokeTokenAsync(Nobody, tokens.RefreshToken ?? tokens.AccessToken, cancellationToken), cancellationToken));
    }

    private async Task<TokenAnswer> AskAsync(OAuthApp app, Func<PkceGoogleAuthorizationCodeFlow, Task> ask, CancellationToken cancellationToken) =>
        TokenAnswers.Read(await SendAsync(app, ask, cancellationToken));

    private async Task<WireResult> SendAsync(OAuthApp app, Func<PkceGoogleAuthorizationCodeFlow, Task> ask, CancellationToken cancellationToken)
    {
        var wire = new Wire(Http);
        using var flow = Flow(app, wire);

        // Its defaults post a refresh three times on a 503 and carry token and secret along a 307.
        flow.HttpClient.MessageHandler.FollowRedirect = false;
        flow.HttpClient.MessageHandler.NumTries = 1;
        try
        {
            await ask(flow);
        }
#pragma warning disable CA1031 // It throws many things, NullReferenceException on an empty error body among them; what counts is what came over the wire.
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return wire.Result ?? new WireResult.NotSent("The request could not be made.");
        }

        return wire.Result ?? new WireResult.NotSent("The request could not be made.");
    }

    private static PkceGoogleAuthorizationCodeFlow Flow(OAuthApp app, Wire wire, AuthorizeRequest? request = null) =>
        new(new Endpoints(app)
        {
            ClientSecrets = new ClientSecrets { ClientId = app.ClientId, ClientSecret = app.ClientSecret },
            Scopes = request?.Scopes ?? [],
            IncludeGrantedScopes = false,
            DataStore = null,
            DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
            HttpClientFactory = wire,
        });

    private sealed class Endpoints(OAuthApp app)
        : GoogleAuthorizationCodeFlow.Initializer(app.AuthorizationEndpoint.AbsoluteUri, app.TokenEndpoint.AbsoluteUri, app.RevocationEndpoint?.AbsoluteUri);

    /// <summary>Sends the library's request through the guard and keeps the answer for the portal's own reading.</summary>
    private sealed class Wire(ProviderHttp http) : HttpClientFactory
    {
        public WireResult? Result { get; private set; }

        protected override HttpMessageHandler CreateHandler(CreateHttpClientArgs args) => new Handler(this, http);

        private sealed class Handler(Wire wire, ProviderHttp http) : DelegatingHandler(http.CreateHandler())
        {
            protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                wire.Result = await http.SendAsync(request, base.SendAsync, cancellationToken);
                return wire.Result is WireResult.Answer answer
                    ? new HttpResponseMessage(answer.Status) { RequestMessage = request, Content = new ByteArrayContent(answer.Body) }
                    : throw new HttpRequestException("The provider did not answer.");
            }
        }
    }
}
