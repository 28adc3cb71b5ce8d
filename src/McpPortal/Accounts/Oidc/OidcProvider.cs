using McpPortal.Accounts.Jwt;
using McpPortal.Outbound;
using Microsoft.Extensions.Options;

namespace McpPortal.Accounts.Oidc;

/// <summary>The configured sign-in provider: its metadata and keys, fetched when needed and remembered.</summary>
internal sealed partial class OidcProvider : IDisposable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(12);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private readonly OutboundGuard _guard;
    private readonly TimeProvider _clock;
    private readonly ILogger<OidcProvider> _logger;
    private readonly bool _development;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile Known? _known;
    private DateTimeOffset _failedAt = DateTimeOffset.MinValue;

    public OidcProvider(IOptions<OidcSettings> settings, OutboundGuard guard, IHostEnvironment environment, TimeProvider clock, ILogger<OidcProvider> logger)
    {
        Settings = settings.Value;
        _guard = guard;
        _clock = clock;
        _logger = logger;
        _development = environment.IsDevelopment();
        Keys = new JwksCache(FetchKeysAsync, clock);
    }

    public OidcSettings Settings { get; }

    public JwksCache Keys { get; }

    /// <returns>The provider's metadata, or null while it cannot be had; the log says why.</returns>
    public async ValueTask<OidcMetadata?> MetadataAsync(CancellationToken cancellationToken)
    {
        if (_known is { } known && _clock.GetUtcNow() - known.FetchedAt < MaxAge)
        {
            return known.Metadata;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            var now = _clock.GetUtcNow();
            if ((_known is { } current && now - current.FetchedAt < MaxAge) || now - _failedAt < PauseAfterFailure)
            {
                return _known?.Metadata;
            }

            var (metadata, problem) = await DiscoverAsync();
            if (metadata is null)
            {
                _failedAt = now;
                Log.DiscoveryFailed(_logger, Settings.Authority, problem);
                // What was known an hour ago still serves better than no sign-in at all.
                return _known?.Metadata;
            }

            _known = new Known(metadata, now);
            return metadata;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The rules for tokens of this provider that are meant for the portal.</summary>
    public JwtRules Rules(OidcMetadata metadata, params string[] types) => new()
    {
        Issuer = metadata.Issuer,
        Audiences = [Settings.ClientId],
        Algorithms = Settings.EffectiveAlgorithms,
        Types = types,
        AllowedTenants = [.. Settings.AllowedTenants],
    };

    public void Dispose()
    {
        Keys.Dispose();
        _gate.Dispose();
    }

    private async Task<(OidcMetadata? Metadata, string? Problem)> DiscoverAsync()
    {
        // Not the caller's token: others wait for the same answer.
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var (body, problem) = await IssuerDocument.GetAsync(_guard, new Uri($"{Settings.Authority.TrimEnd('/')}/.well-known/openid-configuration"), timeout.Token);
        return body is null ? (null, problem) : OidcMetadata.Parse(body, Settings, _development);
    }

    private async Task<byte[]?> FetchKeysAsync(CancellationToken cancellationToken)
    {
        if (_known is not { } known)
        {
            return null;
        }

        var (body, problem) = await IssuerDocument.GetAsync(_guard, known.Metadata.KeysEndpoint, cancellationToken);
        if (body is null)
        {
            Log.KeysFailed(_logger, known.Metadata.Issuer, problem);
        }

        return body;
    }

    private sealed record Known(OidcMetadata Metadata, DateTimeOffset FetchedAt);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Sign-in is not possible at {Authority}: {Problem}")]
        public static partial void DiscoveryFailed(ILogger logger, string authority, string? problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The signing keys of {Issuer} could not be fetched: {Problem}")]
        public static partial void KeysFailed(ILogger logger, string issuer, string? problem);
    }
}
