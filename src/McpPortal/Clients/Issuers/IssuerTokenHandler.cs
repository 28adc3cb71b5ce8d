using System.Globalization;
using System.Text.Encodings.Web;
using McpPortal.Accounts;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace McpPortal.Clients.Issuers;

/// <summary>Authenticates at <c>/mcp</c> by tokens of configured external issuers (RFC 6750, RFC 9068).</summary>
internal sealed class IssuerTokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IssuerCallers callers, AccessKeyGuesses guesses, McpChallenge challenge, OpenRequests open, PortalAddress address)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "IssuerToken";
    private bool _tooMany;
    private IssuerVerdict _verdict = IssuerVerdict.Refused;

    /// <summary>Whether the text has the form of a signed token (RFC 7515 §3.1), whoever made it.</summary>
    public static bool IsOne(string text) => text.AsSpan().Count('.') == 2;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (OneBearer.In(Request) is not { } text || !IsOne(text))
        {
            return AuthenticateResult.NoResult();
        }

        var from = Context.Connection.RemoteIpAddress?.ToString() ?? "";
        var remembered = callers.Remembers(text);
        if (!McpResource.IsAsked(Context) || (_tooMany = !remembered && guesses.IsExceeded(from)))
        {
            return AuthenticateResult.Fail("The token is not accepted.");
        }

        _verdict = await callers.VerifyAsync(text, Context.RequestAborted);
        if (_verdict is not IssuerVerdict.Accepted { Holder: var holder })
        {
            if (!remembered)
            {
                guesses.Missed(from);
            }

            return AuthenticateResult.Fail("The token is not accepted.");
        }

        if (!await open.AddIssuerTokenAsync(Context, holder, text))
        {
            _verdict = IssuerVerdict.Refused;
            return AuthenticateResult.Fail("The token is not accepted.");
        }

        Context.Features.Set(holder);
        return AuthenticateResult.Success(new AuthenticationTicket(new(PortalClaims.Identity(SchemeName, holder.User, holder.UserName, Roles.None)), SchemeName));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var (status, title, detail, error) = _tooMany ? (StatusCodes.Status429TooManyRequests, "Too many wrong tokens", "Too many tokens that are none came from this address. Wait a minute, then try again.", null)
            : _verdict == IssuerVerdict.Unlinked ? (StatusCodes.Status403Forbidden, "Not known here", $"Nobody here is known as the subject of this token. Sign in at {address.Absolute(Context, "/profile")} with that account, or link it to yours there, then try again.", null)
            : _verdict == IssuerVerdict.OutOfScope ? (StatusCodes.Status403Forbidden, "Not allowed", "The token allows neither reading nor calling tools here. Ask its issuer for one that does.", "insufficient_scope")
            : (StatusCodes.Status401Unauthorized, "Not signed in", "The token is not of an issuer that this portal takes, is for another audience, or has ended. Get a new one, or use an access key.", "invalid_token");
        Response.StatusCode = status;
        Response.Headers.WWWAuthenticate = challenge.Of(Context, error);
        if (_tooMany)
        {
            Response.Headers.RetryAfter = ((int)AccessKeyGuesses.Window.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        await Results.Problem(statusCode: status, title: title, detail: detail).ExecuteAsync(Context);
    }
}
