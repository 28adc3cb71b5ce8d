using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace McpPortal.Outbound;

/// <summary>The only way to make an HTTP client that leaves the portal.</summary>
/// <remarks>
/// What counts is the address that is connected to, not how a URL spells it: names are resolved here, every address is checked,
/// and only checked addresses are connected. Redirects, cookies and proxies are off, because each would carry a request past the check.
/// </remarks>
internal sealed class OutboundGuard : IDisposable
{
    private readonly ConcurrentDictionary<OutboundPurpose, Lazy<HttpMessageInvoker>> _invokers = new();
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HashSet<string> _allowedHosts;
    private readonly HashSet<int> _ports;
    private readonly TimeSpan _connectTimeout;
    private readonly bool _development;

    public OutboundGuard(IOptions<OutboundOptions> options, IHostEnvironment environment)
        : this(options.Value, environment.IsDevelopment(), Dns.GetHostAddressesAsync)
    {
    }

    internal OutboundGuard(OutboundOptions options, bool development, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        _allowedHosts = options.AllowedHosts.Select(AllowedHost.Parse).OfType<string>().ToHashSet(StringComparer.Ordinal);
        _ports = options.Ports.Count > 0 ? [.. options.Ports] : [.. OutboundOptions.DefaultPorts];
        _connectTimeout = options.ConnectTimeout;
        _development = development;
        _resolve = resolve;
    }

    /// <summary>A client for one purpose; cheap, and safe to dispose (the connections are shared).</summary>
    /// <param name="purpose">Why the request leaves.</param>
    /// <param name="outermost">Passed through before the guard, the first one first.</param>
    public HttpClient Create(OutboundPurpose purpose, params ReadOnlySpan<DelegatingHandler> outermost) => new(Chain(outermost, CreateHandler(purpose)), disposeHandler: true)
    {
        Timeout = purpose switch
        {
            OutboundPurpose.Upstream or OutboundPurpose.OwnUpstream => Timeout.InfiniteTimeSpan,
            OutboundPurpose.Provider => TimeSpan.FromSeconds(60),
            _ => TimeSpan.FromSeconds(15),
        },
        MaxResponseContentBufferSize = purpose is OutboundPurpose.Upstream or OutboundPurpose.OwnUpstream ? 32 * 1024 * 1024 : 1024 * 1024,
    };

    /// <summary>The same door as a handler, for libraries that make their own client.</summary>
    public HttpMessageHandler CreateHandler(OutboundPurpose purpose) =>
        new GuardedHandler(this, _invokers.GetOrAdd(purpose, key => new Lazy<HttpMessageInvoker>(() => NewInvoker(key))).Value, purpose);

    /// <summary>What can be said about a URL before connecting, for forms that save one.</summary>
    /// <returns>A sentence that says why the portal would refuse it, or null.</returns>
    public string? Refusal(Uri url, OutboundPurpose purpose = OutboundPurpose.Upstream)
    {
        if (!url.IsAbsoluteUri || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp) || url.IdnHost.Length == 0)
        {
            return "The portal only contacts https addresses.";
        }

        var host = AllowedHost.HostOf(url);
        if (url.UserInfo.Length > 0 || url.Authority.Contains('@', StringComparison.Ordinal))
        {
            return $"The address of {host} carries a user name or password. Remove it and store it as a secret.";
        }

        var allowed = IsAllowed(url, purpose);
        if (url.Scheme == Uri.UriSchemeHttp && !(_development && allowed))
        {
            return $"The portal contacts {host} over https only.";
        }

        if (!allowed && !_ports.Contains(url.Port))
        {
            return $"The portal does not contact {host} on port {url.Port}. An administrator can allow it.";
        }

        return IPAddress.TryParse(url.IdnHost, out var address) && !MayConnect(address, url, purpose) ? NotPublic(host) : null;
    }

    public void Dispose()
    {
        foreach (var invoker in _invokers.Values)
        {
            if (invoker.IsValueCreated)
            {
                invoker.Value.Dispose();
            }
        }
    }

    private static HttpMessageHandler Chain(ReadOnlySpan<DelegatingHandler> outermost, HttpMessageHandler innermost)
    {
        for (var i = outermost.Length - 1; i >= 0; i--)
        {
            outermost[i].InnerHandler = innermost;
            innermost = outermost[i];
        }

        return innermost;
    }

    private static string NotPublic(string host) =>
        $"The portal does not contact {host}: it has no address on the public internet. An administrator can allow it.";

    // A member must not get at an internal host because an admin opened it for a server of the organisation.
    private bool IsAllowed(Uri url, OutboundPurpose purpose) => (_development || !IsAnybodys(purpose)) && _allowedHosts.Contains(AllowedHost.Of(url));

    /// <summary>Whether the address was chosen by somebody who does not administer the portal.</summary>
    private static bool IsAnybodys(OutboundPurpose purpose) => purpose is OutboundPurpose.OwnUpstream or OutboundPurpose.ClientDocument;

    private bool MayConnect(IPAddress address, Uri url, OutboundPurpose purpose) => AddressRules.Classify(address) switch
    {
        AddressKind.Never => false,
        // Plain http stays on this machine.
        _ when url.Scheme == Uri.UriSchemeHttp => IsAllowed(url, purpose) && IPAddress.IsLoopback(address),
        AddressKind.Internal => IsAllowed(url, purpose),
        _ => true,
    };

    private HttpMessageInvoker NewInvoker(OutboundPurpose purpose) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PreAuthenticate = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = _connectTimeout,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(purpose, context, cancellationToken),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        MaxResponseHeadersLength = 32,
        MaxResponseDrainSize = 64 * 1024,
        EnableMultipleHttp2Connections = true,
        // Trace ids of the portal are nobody else's business.
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
    });

    private async ValueTask<Stream> ConnectAsync(OutboundPurpose purpose, SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var url = context.InitialRequestMessage.RequestUri!;
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await ResolveAsync(purpose, host, cancellationToken);
        // One bad address condemns the name: a mixed answer is how rebinding begins.
        if (addresses.Length == 0 || !Array.TrueForAll(addresses, a => MayConnect(a, url, purpose)))
        {
            throw new OutboundRefusedException(NotPublic(AllowedHost.HostOf(url)));
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
            if (socket.RemoteEndPoint is not IPEndPoint remote || !MayConnect(remote.Address, url, purpose))
            {
                throw new OutboundRefusedException(NotPublic(AllowedHost.HostOf(url)));
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A member is not told apart whether a name leads inside or nowhere: that would tell which names there are inside.</summary>
    private async Task<IPAddress[]> ResolveAsync(OutboundPurpose purpose, string host, CancellationToken cancellationToken)
    {
        try
        {
            return await _resolve(host, cancellationToken);
        }
        catch (SocketException) when (IsAnybodys(purpose))
        {
            return [];
        }
    }

    private sealed class GuardedHandler(OutboundGuard guard, HttpMessageInvoker invoker, OutboundPurpose purpose) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var url = request.RequestUri ?? throw new OutboundRefusedException();
            if ((guard.Refusal(url, purpose) ?? HeaderRefusal(request, url)) is { } sentence)
            {
                throw new OutboundRefusedException(sentence);
            }

            try
            {
                return await invoker.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException e) when (e.InnerException is OutboundRefusedException refused)
            {
                throw new OutboundRefusedException(refused.Message, e);
            }
        }

        /// <summary>TryAddWithoutValidation lets CR and LF through to the wire, where they begin a second header.</summary>
        private static string? HeaderRefusal(HttpRequestMessage request, Uri url)
        {
            if (request.Headers.Host is not null)
            {
                return $"A request to {AllowedHost.HostOf(url)} may not name another host.";
            }

            var name = BrokenHeader(request.Headers) ?? (request.Content is { } content ? BrokenHeader(content.Headers) : null);
            return name is null ? null : $"The header {name} for {AllowedHost.HostOf(url)} holds a line break. Set it again without one.";
        }

        private static string? BrokenHeader(HttpHeaders headers)
        {
            foreach (var (name, values) in headers.NonValidated)
            {
                foreach (var value in values)
                {
                    if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
                    {
                        return name;
                    }
                }
            }

            return null;
        }
    }
}
