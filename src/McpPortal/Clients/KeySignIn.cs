using System.Globalization;
using System.Threading.RateLimiting;
using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using Microsoft.AspNetCore.Authentication;

namespace McpPortal.Clients;

/// <summary>Single-user mode: a browser signs in with an access key. The sign-in ends with the key.</summary>
internal sealed partial class KeySignIn(AccessKeys keys, SignIns signIns, ILogger<KeySignIn> logger) : IDisposable
{
    private readonly TokenBucketRateLimiter _attempts = new(new() { TokenLimit = 10, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromSeconds(6) });

    /// <summary>Signs the browser in, or sets the status of the answer.</summary>
    /// <returns>A sentence for the person who could not be signed in; otherwise null.</returns>
    public async Task<string?> TryAsync(HttpContext context, string? text)
    {
        using var attempt = _attempts.AttemptAcquire();
        if (!attempt.IsAcquired)
        {
            attempt.TryGetMetadata(MetadataName.RetryAfter, out var wait);
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            return "There were too many attempts. Wait a minute, then try again.";
        }

        if (await keys.VerifyAsync(text?.Trim() ?? "", context.RequestAborted) is not { } holder)
        {
            return Refuse(context, "This is not a valid access key.");
        }

        // Pages can do everything, also make keys: a key that may do less must not open them.
        if (holder.IsLimited)
        {
            return Refuse(context, "This key is limited to some servers, to toolsets or to read-only tools, so it cannot sign in. Use one without limits.");
        }

        var identity = new OidcIdentity { Issuer = SingleUserMode.Issuer, Subject = SingleUserMode.Name, SessionId = holder.KeyId, EndsAt = holder.ExpiresAt };
        switch (await signIns.BeginAsync(identity, context.Request.Headers.UserAgent, context.RequestAborted))
        {
            case SignInOutcome.Accepted accepted:
                await signIns.EndFormerAsync(context);
                await context.SignInAsync(PortalPrincipal.SignInScheme, PortalPrincipal.Create(accepted.State));
                return null;
            case SignInOutcome.Refused refused:
                return Refuse(context, refused.Sentence);
            default:
                throw new InvalidOperationException("Unknown outcome.");
        }
    }

    public void Dispose() => _attempts.Dispose();

    private string Refuse(HttpContext context, string sentence)
    {
        Log.Refused(logger, sentence);
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return sentence;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "A sign-in with an access key was refused. {Sentence}")]
        public static partial void Refused(ILogger logger, string sentence);
    }
}
