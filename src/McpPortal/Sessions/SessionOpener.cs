using System.Net;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Outbound;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Sessions.Stdio;
using Microsoft.Extensions.Logging.Abstractions;
using ModelContextProtocol;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>Opens one user's session at one server and says where each credential goes. The only place that injects credentials.</summary>
internal sealed partial class SessionOpener(
    CredentialResolver resolver,
    AccessTokens tokens,
    SecretStore secrets,
    OutboundGuard outbound,
    StdioTransports stdio,
    UpstreamNews news,
    SessionsOptions options,
    TimeProvider time,
    ILogger<SessionOpener> logger)
{
    private static readonly TimeSpan ShortestUse = TimeSpan.FromSeconds(30);
    private static readonly Implementation ClientInfo = new() { Name = "McpPortal", Version = typeof(SessionOpener).Assembly.GetName().Version?.ToString(3) ?? "0" };

    // How long the question of the newest revision may stay unanswered before the older handshake follows. A program is asked from the
    // moment it starts, which takes a while on a busy machine, and one that finds both in its input refuses the second.
    private static readonly TimeSpan HttpProbe = TimeSpan.FromSeconds(5);
    private readonly TimeSpan _stdioProbe = options.OpenTimeout / 2;

    /// <summary>Opens the session. Expected failures are values.</summary>
    public async Task<SessionResult> OpenAsync(SessionKey key, ServerSnapshot server, CredentialSet.Ready credentials, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(options.OpenTimeout);
        var aborted = new CancellationTokenSource();
        try
        {
            StandingStream? standing = null;
            var (inner, replaceAt) = server.Transport == ServerTransport.Http
                ? (Http(key.User, server, out standing), null)
                : await StdioAsync(key.User, server, credentials, aborted.Token, deadline.Token);
            var transport = new RawTransport(inner);
            var client = await McpClient.CreateAsync(
                transport,
                new McpClientOptions
                {
                    ClientInfo = ClientInfo,
                    Capabilities = Asked(),
                    ProtocolVersion = server.ProtocolPin,
                    InitializationTimeout = options.OpenTimeout,
                    DiscoverProbeTimeout = server.Transport == ServerTransport.Http ? HttpProbe : _stdioProbe,
                },
                NullLoggerFactory.Instance,
                deadline.Token);
            return new SessionResult.Opened(new UpstreamSession(key, server, client, transport, standing, news, replaceAt, aborted, time));
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return Explain(e, server);
        }
    }

    /// <summary>
    /// What older servers are told once, for whoever will call over the session; whether somebody can answer is seen when they ask. Servers of
    /// the newest revision are told with each request.
    /// </summary>
    private static ClientCapabilities Asked() => new()
    {
        Elicitation = new ElicitationCapability { Form = new FormElicitationCapability(), Url = new UrlElicitationCapability() },
#pragma warning disable MCP9003, MCP9004, MCP9005 // Deprecated, and what older servers know.
        Sampling = new SamplingCapability(),
        Roots = new RootsCapability(),
#pragma warning restore MCP9003, MCP9004, MCP9005
    };

    private HttpClientTransport Http(UserId user, ServerSnapshot server, out StandingStream standing)
    {
        var http = outbound.Create(
            server.Owner.Kind == OwnerKind.User ? OutboundPurpose.OwnUpstream : OutboundPurpose.Upstream,
            new ServerDemandsHandler(),
            new ForgottenSessionHandler(),
            new CredentialHandler(user, server, resolver, tokens, secrets),
            new AnswerLimitHandler(options.MaxAnswerBytes, server.Name));
        var bearer = server.Credentials.FirstOrDefault(need => need.Placement == CredentialPlacement.Bearer);
        var token = bearer is null ? null : new UpstreamTokenCache(user, server, bearer, tokens, secrets, time);
        standing = new StandingStream(http, server.Endpoint!, async stop => token is not null && await token.GetTokensAsync(stop) is { } known ? known.AccessToken : null, time);
        return new HttpClientTransport(
            new HttpClientTransportOptions
            {
                Endpoint = server.Endpoint!,
                Name = server.Slug,
                TransportMode = HttpTransportMode.StreamableHttp,
                EnableStandaloneGetStream = false, // One connection for each session of each user, whether anybody listens or not.
                ConnectionTimeout = options.OpenTimeout,
                OAuth = token is null ? null : OAuth(token, server),
            },
            http,
            NullLoggerFactory.Instance,
            ownsHttpClient: true);
    }

    /// <summary>The SDK asks the cache on each request; a flow of its own never starts, because 401 is answered below it.</summary>
    private static ClientOAuthOptions OAuth(UpstreamTokenCache cache, ServerSnapshot server) => new()
    {
        RedirectUri = new Uri("http://localhost/unused"),
        ClientId = "unused",
        TokenCache = cache,
        AuthorizationCallbackHandler = (_, _) => throw new CredentialRejectedException($"{server.Name} asks for authorization. Connect the account it needs.", $"/servers/{server.Slug}"),
    };

    private async Task<(IClientTransport Transport, DateTimeOffset? ReplaceAt)> StdioAsync(
        UserId user, ServerSnapshot server, CredentialSet.Ready credentials, CancellationToken aborted, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(server.Settings, StringComparer.Ordinal);
        var values = new List<string>();
        DateTimeOffset? replaceAt = null;
        foreach (var item in credentials.Items.Where(item => item.Need.Placement == CredentialPlacement.Environment))
        {
            using var plaintext = item.Token is { } token ? await tokens.RevealAsync(token, cancellationToken) : await secrets.RevealAsync(item.Secret!, cancellationToken);
            var value = plaintext.Reveal();
            environment[item.Need.Target!] = value;
            values.Add(value);
            if (item.Token?.ExpiresAt - options.EnvironmentTokenMargin is { } end && (replaceAt is null || end < replaceAt))
            {
                replaceAt = end;
            }
        }

        var launch = new StdioLaunch
        {
            User = user,
            Name = server.Name,
            Command = server.CommandLine[0],
            Arguments = [.. server.CommandLine.Skip(1)],
            Environment = environment,
            Secrets = values,
            Aborted = aborted,
        };

        // A token that lives shorter than the margin still serves for a moment; otherwise each call would start a process.
        var soonest = time.GetUtcNow() + ShortestUse;
        return (stdio.For(launch), replaceAt < soonest ? soonest : replaceAt);
    }

    private SessionResult Explain(Exception exception, ServerSnapshot server)
    {
        if (OwnFaults.Explain(exception, server, logger) is { } own)
        {
            return own;
        }

        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case CredentialRejectedException rejected:
                    return new SessionResult.NeedsOwner(rejected.Message, rejected.Path);
                case UnusableSecretException:
                    return new SessionResult.NeedsOwner(e.Message, $"/servers/{server.Slug}");
                case OutboundRefusedException or StdioRefusedException:
                    return new SessionResult.Refused(e.Message);
                case AnswerTooLongException:
                    return new SessionResult.Unreachable(e.Message);
                case HttpRequestException { StatusCode: { } status }:
                    Log.Failed(logger, server.Slug, server.Id.Value, status.ToString());
                    return new SessionResult.Unreachable(status == HttpStatusCode.Forbidden
                        ? $"{server.Name} refused access (403). Your account may lack a permission there."
                        : $"{server.Name} answered with {(int)status} {status} when the portal connected.");
                case McpException or System.Text.Json.JsonException:
                    Log.Failed(logger, server.Slug, server.Id.Value, e.GetType().Name);
                    return new SessionResult.Unreachable($"{server.Name} answered, but not as an MCP server does.");
                default:
                    continue;
            }
        }

        // The exception may quote what was sent, so only its kind is kept.
        Log.Failed(logger, server.Slug, server.Id.Value, exception.GetType().Name);
        return exception is OperationCanceledException or TimeoutException
            ? new SessionResult.TimedOut($"{server.Name} did not answer within {options.OpenTimeout.TotalSeconds:0} seconds when the portal connected.")
            : new SessionResult.Unreachable(server.Transport == ServerTransport.Http
                ? $"{server.Name} cannot be reached at {server.Endpoint!.Host}."
                : $"{server.Name} could not be started, or does not speak MCP.");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Opening {Server} ({ServerId}) failed: {Reason}.")]
        public static partial void Failed(ILogger logger, string server, Guid serverId, string reason);
    }
}
