using McpPortal.Accounts.Jwt;
using McpPortal.Outbound;
using Microsoft.Extensions.Options;

namespace McpPortal.Clients.Issuers;

/// <summary>The configured issuers. What a token itself says about keys is never followed.</summary>
internal sealed partial class ExternalIssuers : IDisposable
{
    /// <summary>Longer ones are refused unread.</summary>
    private const int MaxLength = 16 * 1024;

    private readonly Dictionary<string, ExternalIssuer> _issuers;
    private readonly ILogger<ExternalIssuers> _logger;

    public ExternalIssuers(IOptions<AccessOptions> options, JwtVerifier verifier, OutboundGuard guard, IHostEnvironment environment, TimeProvider time, ILogger<ExternalIssuers> logger)
    {
        _logger = logger;
        _issuers = options.Value.Issuers.ToDictionary(
            settings => settings.Issuer, settings => new ExternalIssuer(settings, verifier, guard, environment.IsDevelopment(), time, logger), StringComparer.Ordinal);
    }

    /// <summary>What the token says, or null when it is none of a configured issuer for this portal; the log says why.</summary>
    public async ValueTask<IssuerToken?> ReadAsync(string text, CancellationToken cancellationToken)
    {
        if (text.Length > MaxLength || IssuerIn(text) is not { } named || !_issuers.TryGetValue(named, out var issuer))
        {
            return null;
        }

        var (token, problem) = await issuer.ReadAsync(text, cancellationToken);
        if (token is null)
        {
            Log.Refused(_logger, issuer.Name, problem);
        }

        return token;
    }

    public void Dispose()
    {
        foreach (var issuer in _issuers.Values)
        {
            issuer.Dispose();
        }
    }

    /// <summary>Only chooses whose rules are asked; those verify it.</summary>
    private static string? IssuerIn(string text) =>
        text.Split('.') is [_, var claims, _] && StrictJson.Decode(claims) is { } bytes && StrictJson.ParseObject(bytes) is { } said ? said.Text("iss") : null;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "A token of {Issuer} was refused: {Problem}.")]
        public static partial void Refused(ILogger logger, string issuer, string? problem);
    }
}
