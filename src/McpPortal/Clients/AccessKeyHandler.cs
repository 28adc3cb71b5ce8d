using System.Security.Claims;
using System.Text.Encodings.Web;
using McpPortal.Accounts;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace McpPortal.Clients;

/// <summary>
/// Authenticates by access key, in <c>Authorization: Bearer</c> or <c>X-Api-Key</c>. Two credentials in one request are refused, whoever
/// they belong to; a key in the address is never looked at.
/// </summary>
internal sealed class AccessKeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, AccessKeys keys, AccessKeyUses uses, AccessKeyGuesses guesses, McpChallenge challenge, OpenRequests open)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "AccessKey";
    public const string ApiKeyHeader = "X-Api-Key";
    private const string Bearer = "Bearer ";

    private bool _tooMany;

    private bool HasTwo => CarriesTwo(Request);

    /// <summary>The one credential of a request that carries exactly one as a key can be sent; otherwise null.</summary>
    public static string? TextIn(HttpRequest request) =>
        CarriesTwo(request) ? null
        : request.Headers[ApiKeyHeader] is { Count: 1 } key ? key[0]
        : request.Headers.Authorization is { Count: 1 } authorization ? BearerToken(authorization[0]!)
        : null;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization.Count + Request.Headers[ApiKeyHeader].Count == 0)
        {
            return AuthenticateResult.NoResult();
        }

        if (HasTwo)
        {
            return AuthenticateResult.Fail("Send one credential only.");
        }

        var text = TextIn(Request);
        var address = Context.Connection.RemoteIpAddress?.ToString() ?? "";
        var remembered = text is not null && keys.Remembers(text);
        if (text is null || (_tooMany = !remembered && guesses.IsExceeded(address)))
        {
            return AuthenticateResult.Fail("The access key is not valid.");
        }

        if (await keys.VerifyAsync(text, Context.RequestAborted) is not { } holder)
        {
            if (!remembered)
            {
                guesses.Missed(address);
            }

            return AuthenticateResult.Fail("The access key is not valid.");
        }

        if (McpResource.IsAsked(Context) && !await open.AddKeyAsync(Context, holder.User, text))
        {
            return AuthenticateResult.Fail("The access key is not valid.");
        }

        uses.Note(holder.KeyId, Context.Connection.RemoteIpAddress?.ToString());
        Context.Features.Set(holder);
        var identity = PortalClaims.Identity(SchemeName, holder.User, holder.UserName, Roles.None, new Claim(PortalClaims.AccessKey, holder.KeyId));
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var (status, title, detail) = HasTwo ? (StatusCodes.Status400BadRequest, "Two credentials", "The request carries more than one credential. Send one access key, in Authorization or in X-Api-Key.")
            : _tooMany ? (StatusCodes.Status429TooManyRequests, "Too many wrong keys", "Too many keys that are none came from this address. Wait a minute, then try again.")
            : (StatusCodes.Status401Unauthorized, "Not signed in", "Send a valid access key as 'Authorization: Bearer mcpp_…'. You make one on the Access page.");
        Response.StatusCode = status;
        Response.Headers.WWWAuthenticate = challenge.Of(Context);
        if (_tooMany)
        {
            Response.Headers.RetryAfter = ((int)AccessKeyGuesses.Window.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        await Results.Problem(statusCode: status, title: title, detail: detail)
            .ExecuteAsync(Context);
    }

    /// <summary>Two lines of one header may arrive joined by a comma (RFC 9110 §5.3); no key holds one.</summary>
    private static bool CarriesTwo(HttpRequest request) => Values(request.Headers.Authorization) + Values(request.Headers[ApiKeyHeader]) > 1;

    private static int Values(StringValues lines) => lines.Sum(line => line!.AsSpan().Count(',') + 1);

    private static string? BearerToken(string header) => header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : null;
}
