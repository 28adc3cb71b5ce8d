using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using McpPortal.Accounts;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace McpPortal.Clients.ActAs;

/// <summary>
/// Authenticates programs by service key, where they may call tools and nowhere else. For whom they act stands in the body of a REST call,
/// and in a header at <c>/mcp</c>.
/// </summary>
internal sealed class ServiceKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ServiceKeys keys, ActAsPeople people, AccessKeyGuesses guesses, McpChallenge challenge, OpenRequests open)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ServiceKey";

    /// <summary>At REST: access keys, and service keys where they are taken.</summary>
    public const string RestSchemeName = "Program";

    /// <summary>Names the person at <c>/mcp</c>.</summary>
    public const string UserHeader = "Mcp-Portal-User";

    public const string NoSuchUser = "There is no such user that this key may act for.";

    private Answer _answer = Answer.NoKey;

    private enum Answer
    {
        NoKey,
        TooMany,
        NobodyNamed,
        NoSuchUser,
    }

    /// <summary>The scheme for a request to REST.</summary>
    public static string ChooseAtRest(HttpContext context) =>
        ActAsAllowed.At(context) && AccessKeyHandler.TextIn(context.Request) is { } text && IsOne(text) ? SchemeName : AccessKeyHandler.SchemeName;

    /// <summary>Whether a request to <c>/mcp</c> is to be judged here. One that names a person must come with a service key, or is refused.</summary>
    public static bool IsFor(HttpRequest request) =>
        AccessKeyHandler.TextIn(request) is { } text && (IsOne(text) || request.Headers.ContainsKey(UserHeader));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (AccessKeyHandler.TextIn(Request) is not { } text)
        {
            return AuthenticateResult.NoResult();
        }

        var from = Context.Connection.RemoteIpAddress?.ToString() ?? "";
        var remembered = keys.Remembers(text);
        if (!remembered && guesses.IsExceeded(from))
        {
            return Refuse(Answer.TooMany);
        }

        if (await keys.VerifyAsync(text, Context.RequestAborted) is not { } program)
        {
            if (!remembered)
            {
                guesses.Missed(from);
            }

            return Refuse(IsOne(text) ? Answer.NoKey : Answer.NoSuchUser);
        }

        return McpResource.IsAsked(Context) ? await ActAsync(program, text)
            : ActAsAllowed.At(Context) ? Accept(program)
            : Refuse(Answer.NoKey);
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var (status, title, detail) = _answer switch
        {
            Answer.TooMany => (StatusCodes.Status429TooManyRequests, "Too many wrong keys", "Too many keys that are none came from this address. Wait a minute, then try again."),
            Answer.NobodyNamed => (StatusCodes.Status400BadRequest, "Nobody named", $"A service key acts for somebody. Name one person in the header {UserHeader}."),
            Answer.NoSuchUser => (StatusCodes.Status404NotFound, "Not found", NoSuchUser),
            _ => (StatusCodes.Status401Unauthorized, "Not signed in", "The service key is not valid. An administrator makes them on the Programs page."),
        };
        Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
        {
            Response.Headers.WWWAuthenticate = challenge.Of(Context);
        }
        else if (status == StatusCodes.Status429TooManyRequests)
        {
            Response.Headers.RetryAfter = ((int)AccessKeyGuesses.Window.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        await Results.Problem(statusCode: status, title: title, detail: detail).ExecuteAsync(Context);
    }

    private static bool IsOne(string text) => text.StartsWith(ServiceKeys.Prefix, StringComparison.Ordinal);

    private async Task<AuthenticateResult> ActAsync(ServiceHolder program, string text)
    {
        // Two lines of one header may arrive joined by a comma (RFC 9110 §5.3).
        if (Request.Headers[UserHeader] is not { Count: 1 } lines || lines[0] is not { Length: > 0 } name || name.Contains(',', StringComparison.Ordinal))
        {
            return Refuse(Answer.NobodyNamed);
        }

        if (await people.FindAsync(program, name, Context.RequestAborted) is not { } holder || !await open.AddProgramAsync(Context, holder.User, text, name))
        {
            return Refuse(Answer.NoSuchUser);
        }

        Context.Features.Set(holder);
        return AuthenticateResult.Success(new AuthenticationTicket(new(PortalClaims.Identity(SchemeName, holder.User, holder.UserName, Roles.None)), SchemeName));
    }

    /// <summary>As a program that is nobody yet: no claim says who the user is, so nothing can be done for anybody by mistake.</summary>
    private AuthenticateResult Accept(ServiceHolder program)
    {
        Context.Features.Set(program);
        return AuthenticateResult.Success(new AuthenticationTicket(new(new ClaimsIdentity([new Claim(PortalClaims.ServiceKey, program.KeyId)], SchemeName)), SchemeName));
    }

    private AuthenticateResult Refuse(Answer answer)
    {
        _answer = answer;
        return AuthenticateResult.Fail("The service key is not accepted.");
    }
}
