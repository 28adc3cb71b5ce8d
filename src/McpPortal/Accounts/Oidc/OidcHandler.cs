using System.Buffers.Text;
using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace McpPortal.Accounts.Oidc;

/// <summary>OpenID Connect sign-in: authorization code with PKCE, nonce and the RFC 9207 issuer check, over the framework's OAuth handler.</summary>
internal sealed class OidcHandler(
    IOptionsMonitor<OidcOptions> options, ILoggerFactory logger, UrlEncoder encoder, TimeProvider clock)
    : OAuthHandler<OidcOptions>(options, logger, encoder), IAuthenticationSignOutHandler
{
    public const string SchemeName = "oidc";

    /// <summary>Key of the properties under which a challenge carries <c>login_hint</c>.</summary>
    public const string LoginHintKey = ".login_hint";

    /// <summary>Key of the properties under which a sign-out carries <c>id_token_hint</c>.</summary>
    public const string IdTokenHintKey = ".id_token_hint";

    /// <summary>Key of the properties under which a challenge carries <c>prompt</c>.</summary>
    public const string PromptKey = ".prompt";

    private const string NonceKey = ".nonce";
    private const string StartedKey = ".started";
    private static readonly TimeSpan MaxDuration = TimeSpan.FromMinutes(10);

    private OidcClient Client => field ??= Context.RequestServices.GetRequiredKeyedService<OidcClient>(Scheme.Name);

    private new OidcEvents Events => (OidcEvents)base.Events;

    public override async Task<bool> HandleRequestAsync()
    {
        if (Request.Path == Options.SignedOutCallbackPath)
        {
            var state = Options.StateDataFormat.Unprotect(Request.Query["state"]);
            Response.Redirect(LocalPath.OrHome(state?.RedirectUri));
            return true;
        }

        return await base.HandleRequestAsync();
    }

    /// <summary>Ends the session at the provider too (OpenID Connect RP-Initiated Logout); without that endpoint, goes straight back.</summary>
    public async Task SignOutAsync(AuthenticationProperties? properties)
    {
        var target = LocalPath.OrHome(properties?.RedirectUri);
        if (await Client.Provider.MetadataAsync(Context.RequestAborted) is not { EndSessionEndpoint: { } endpoint })
        {
            Response.Redirect(target);
            return;
        }

        var query = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["client_id"] = Client.Provider.Settings.ClientId,
            ["post_logout_redirect_uri"] = AbsoluteUri(Options.SignedOutCallbackPath),
            ["state"] = Options.StateDataFormat.Protect(new AuthenticationProperties { RedirectUri = target }),
        };
        if (properties?.Items.TryGetValue(IdTokenHintKey, out var hint) == true && hint is not null)
        {
            query["id_token_hint"] = hint;
        }

        Response.Redirect(QueryHelpers.AddQueryString(endpoint.AbsoluteUri, query));
    }

    protected override Task<object> CreateEventsAsync() => Task.FromResult<object>(new OidcEvents());

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (await Client.Provider.MetadataAsync(Context.RequestAborted) is not { } metadata)
        {
            await SignInProblem.WriteAsync(Context, StatusCodes.Status503ServiceUnavailable, "Sign-in is not available",
                "The sign-in provider does not answer at the moment. People who are signed in can go on working. Try again in a few seconds.");
            return;
        }

        properties.RedirectUri = LocalPath.OrHome(properties.RedirectUri);
        var nonce = RandomText();
        var verifier = RandomText();
        properties.Items[NonceKey] = nonce;
        properties.Items[StartedKey] = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        properties.Items[OAuthConstants.CodeVerifierKey] = verifier;
        var query = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["response_type"] = "code",
            ["client_id"] = Client.Provider.Settings.ClientId,
            ["scope"] = string.Join(' ', Client.Provider.Settings.EffectiveScopes),
            ["redirect_uri"] = AbsoluteUri(Options.CallbackPath),
            ["nonce"] = nonce,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            ["code_challenge_method"] = "S256",
        };
        if (properties.Items.Remove(LoginHintKey, out var hint) && hint is not null)
        {
            query["login_hint"] = hint;
        }

        if (properties.Items.Remove(PromptKey, out var prompt) && prompt is not null)
        {
            query["prompt"] = prompt;
        }

        GenerateCorrelationId(properties);
        query["state"] = Options.StateDataFormat.Protect(properties);
        Response.Headers.CacheControl = "no-store";
        Response.Redirect(QueryHelpers.AddQueryString(metadata.AuthorizationEndpoint.AbsoluteUri, query));
    }

    protected override async Task<HandleRequestResult> HandleRemoteAuthenticateAsync()
    {
        if (await Client.Provider.MetadataAsync(Context.RequestAborted) is not { } metadata)
        {
            return HandleRequestResult.Fail(Unavailable());
        }

        // Before anything of the answer is believed or shown, its error included (RFC 9207 §2.4).
        if (!metadata.IsAnswerFrom(Request.Query.TryGetValue("iss", out var issuer) ? issuer.ToString() : null, Client.Provider.Settings))
        {
            return HandleRequestResult.Fail(new SignInRefusedException("The answer did not come from the configured sign-in provider. Start again."));
        }

        return await base.HandleRemoteAuthenticateAsync();
    }

    protected override async Task<OAuthTokenResponse> ExchangeCodeAsync(OAuthCodeExchangeContext context)
    {
        if (!context.Properties.Items.TryGetValue(StartedKey, out var started)
            || !long.TryParse(started, CultureInfo.InvariantCulture, out var seconds)
            || clock.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(seconds) > MaxDuration)
        {
            return OAuthTokenResponse.Failed(new SignInRefusedException("This sign-in was started too long ago. Start again."));
        }

        context.Properties.Items.Remove(OAuthConstants.CodeVerifierKey, out var verifier);
        var metadata = await Client.Provider.MetadataAsync(Context.RequestAborted) ?? throw Unavailable();
        return await Client.Tokens.ExchangeAsync(metadata, context.Code, AbsoluteUri(Options.CallbackPath), verifier!, Context.RequestAborted) is { } answer
            ? OAuthTokenResponse.Success(answer)
            : OAuthTokenResponse.Failed(new SignInRefusedException("The sign-in provider did not complete the sign-in. Start again.") { Status = StatusCodes.Status502BadGateway });
    }

    protected override async Task<AuthenticationTicket> CreateTicketAsync(ClaimsIdentity identity, AuthenticationProperties properties, OAuthTokenResponse tokenResponse)
    {
        var metadata = await Client.Provider.MetadataAsync(Context.RequestAborted) ?? throw Unavailable();
        properties.Items.Remove(NonceKey, out var nonce);
        properties.Items.Remove(StartedKey);
        var idToken = tokenResponse.Response!.RootElement.TryGetProperty("id_token", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        var (verified, problem) = await Client.Tokens.VerifyAsync(metadata, idToken ?? "", nonce ?? "", tokenResponse.AccessToken!, Context.RequestAborted);
        if (verified is null)
        {
            OidcLog.TokenRefused(Logger, metadata.Issuer, problem);
            throw new SignInRefusedException("The sign-in provider's answer could not be verified. Start again; if it happens each time, tell an administrator.");
        }

        // Only what outlives this request goes into the cookie.
        var context = new OidcTicketContext(Context, verified, idToken!, properties);
        await Events.IdentityVerified(context);
        if (context.Refusal is { } refusal)
        {
            throw new SignInRefusedException(refusal) { Status = StatusCodes.Status403Forbidden };
        }

        return new AuthenticationTicket(context.Principal ?? throw new InvalidOperationException("The account was not provisioned."), context.Properties, Scheme.Name);
    }

    private static string RandomText() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static SignInRefusedException Unavailable() =>
        new("The sign-in provider does not answer at the moment. Try again in a few seconds.") { Status = StatusCodes.Status503ServiceUnavailable };

    /// <summary>From configuration where it is set, so that a forged Host header cannot choose where codes are sent.</summary>
    private string AbsoluteUri(PathString path) =>
        Client.Provider.Settings.PublicUrl is { Length: > 0 } publicUrl ? publicUrl.TrimEnd('/') + path : BuildRedirectUri(path);
}
