using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using McpPortal.Accounts;
using McpPortal.Clients.ActAs;
using McpPortal.Clients.Issuers;
using McpPortal.Data;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace McpPortal.Clients.OAuth;

/// <summary>Authenticates MCP clients by the portal's own access tokens, at the endpoint that a token was issued for.</summary>
internal sealed class ClientTokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ClientTokens tokens, ClientGrantUses uses, AccessKeyGuesses guesses, McpChallenge challenge, OpenRequests open)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ClientToken";

    /// <summary>Access keys and tokens of whatever kind, whichever the request carries.</summary>
    public const string EitherSchemeName = "McpClient";

    private bool _tooMany;

    /// <summary>
    /// The scheme for a request to <c>/mcp</c>. Whatever is not exactly one token, nothing and two credentials included, is judged by the
    /// handler of access keys.
    /// </summary>
    public static string Choose(HttpContext context) => OneBearer.In(context.Request) switch
    {
        _ when ServiceKeyHandler.IsFor(context.Request) => ServiceKeyHandler.SchemeName,
        { } text when IsOne(text) => SchemeName,
        { } text when IssuerTokenHandler.IsOne(text) => IssuerTokenHandler.SchemeName,
        _ => AccessKeyHandler.SchemeName,
    };

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (OneBearer.In(Request) is not { } text || !IsOne(text))
        {
            return AuthenticateResult.NoResult();
        }

        var address = Context.Connection.RemoteIpAddress?.ToString() ?? "";
        var remembered = tokens.Remembers(text);
        if (!McpResource.IsAsked(Context) || (_tooMany = !remembered && guesses.IsExceeded(address)))
        {
            return AuthenticateResult.Fail("The access token is not valid.");
        }

        if (await tokens.VerifyAsync(text, Context.RequestAborted) is not { } holder)
        {
            if (!remembered)
            {
                guesses.Missed(address);
            }

            return AuthenticateResult.Fail("The access token is not valid.");
        }

        if (!holder.IsFor(McpResource.NameOf(Context)))
        {
            return AuthenticateResult.Fail("The access token is for another endpoint.");
        }

        if (!await open.AddTokenAsync(Context, holder.User, text))
        {
            return AuthenticateResult.Fail("The access token is not valid.");
        }

        uses.Note(holder.Grant);
        Context.Features.Set(holder);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(PortalClaims.Identity(SchemeName, holder.User, holder.UserName, Roles.None)), SchemeName));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var (status, title, detail) = _tooMany
            ? (StatusCodes.Status429TooManyRequests, "Too many wrong tokens", "Too many tokens that are none came from this address. Wait a minute, then try again.")
            : (StatusCodes.Status401Unauthorized, "Not signed in", "The access token has ended, was revoked, or is for another endpoint. Refresh it, or sign in again.");
        Response.StatusCode = status;
        Response.Headers.WWWAuthenticate = challenge.Of(Context, _tooMany ? null : "invalid_token");
        if (_tooMany)
        {
            Response.Headers.RetryAfter = ((int)AccessKeyGuesses.Window.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        await Results.Problem(statusCode: status, title: title, detail: detail).ExecuteAsync(Context);
    }

    private static bool IsOne(string text) => text.StartsWith(ClientTokenText.Access, StringComparison.Ordinal);
}
