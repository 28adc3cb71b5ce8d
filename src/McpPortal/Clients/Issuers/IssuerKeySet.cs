using McpPortal.Accounts.Jwt;
using McpPortal.Outbound;

namespace McpPortal.Clients.Issuers;

/// <summary>Fetches the key set of one issuer, from where the configuration says or the issuer's own discovery document.</summary>
internal sealed partial class IssuerKeySet(IssuerSettings settings, OutboundGuard guard, bool development, ILogger logger)
{
    /// <returns>The key set, or null; the log says why.</returns>
    public async Task<byte[]?> FetchAsync(CancellationToken cancellationToken)
    {
        var (address, problem) = settings.JwksUri.Length > 0 ? (new Uri(settings.JwksUri), null) : await DiscoverAsync(cancellationToken);
        byte[]? keys = null;
        if (address is not null)
        {
            (keys, problem) = await IssuerDocument.GetAsync(guard, address, cancellationToken);
        }

        if (keys is null)
        {
            Log.Failed(logger, settings.Issuer, problem);
        }

        return keys;
    }

    private async Task<(Uri? Address, string? Problem)> DiscoverAsync(CancellationToken cancellationToken)
    {
        var (body, problem) = await IssuerDocument.GetAsync(guard, new Uri($"{settings.Issuer.TrimEnd('/')}/.well-known/openid-configuration"), cancellationToken);
        if (body is null)
        {
            return (null, problem);
        }

        // OpenID Connect Discovery §4.3: another issuer's document names another issuer's keys.
        return StrictJson.ParseObject(body) is not { } document || document.Text("issuer") != settings.Issuer ? (null, "its discovery document names another issuer")
            : IssuerDocument.Address(document.Text("jwks_uri"), development) is { } address ? (address, null)
            : (null, "its discovery document lacks an https jwks_uri");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The keys of {Issuer} could not be fetched: {Problem}. Its tokens are not taken until they can.")]
        public static partial void Failed(ILogger logger, string issuer, string? problem);
    }
}
