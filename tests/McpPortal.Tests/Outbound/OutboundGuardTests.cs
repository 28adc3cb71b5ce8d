using System.Globalization;
using System.Net;
using System.Net.Sockets;
using McpPortal.Outbound;

namespace McpPortal.Tests.Outbound;

public sealed class OutboundGuardTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SSRF_1_2_No_spelling_of_an_internal_address_is_connected()
    {
        await using var listener = new CountingListener();
        await using var sixth = Socket.OSSupportsIPv6 ? new CountingListener(address: IPAddress.IPv6Loopback) : null;
        // The ports of the listeners are open, so that only the addresses are in the way.
        int[] ports = [443, listener.Port, sixth?.Port ?? 444];
        using var guard = Guard(ports: ports);
        using var client = guard.Create(OutboundPurpose.Upstream);
        var payloads = OutboundPayloads.All.ToArray();
        Assert.True(payloads.Length >= 200, $"{payloads.Length} payloads");

        var wrong = new List<string>();
        foreach (var payload in payloads)
        {
            foreach (var port in ports.Skip(1))
            {
                var text = payload.Replace("{0}", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
                if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
                {
                    continue;
                }

                try
                {
                    using var answer = await client.GetAsync(url, Stop);
                    wrong.Add($"{text} answered {answer.StatusCode}");
                }
                catch (OutboundRefusedException)
                {
                }
                catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.NameResolutionError)
                {
                    // Some spellings are no name at all.
                }
                catch (NotSupportedException)
                {
                    // HttpClient itself refuses schemes other than http(s).
                }
                catch (Exception e)
                {
                    wrong.Add($"{text} ended with {e.GetType().Name}: {e.Message}");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.Equal(0, listener.Connections);
        Assert.Equal(0, sixth?.Connections ?? 0);
    }

    [Fact]
    public async Task An_allowed_host_and_port_is_reached()
    {
        await using var listener = new CountingListener();
        using var guard = Guard([$"127.0.0.1:{listener.Port}"]);
        using var client = guard.Create(OutboundPurpose.Upstream);
        Assert.Equal("ok", await client.GetStringAsync(new Uri($"http://127.0.0.1:{listener.Port}/"), Stop));
        Assert.Equal(1, listener.Connections);
    }

    [Theory]
    [InlineData("http://127.0.0.2:{0}/")]
    [InlineData("http://localhost:{0}/")]
    [InlineData("http://127.0.0.1.:{0}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/")]
    [InlineData("http://127.0.0.1.evil.example:{0}/")]
    [InlineData("http://127.0.0.1:{1}/")]
    [InlineData("http://x@127.0.0.1:{0}/")]
    public async Task SSRF_9_The_allow_list_is_exact(string url)
    {
        await using var listener = new CountingListener();
        await using var other = new CountingListener();
        using var guard = Guard([$"127.0.0.1:{listener.Port}"], resolve: (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        using var client = guard.Create(OutboundPurpose.Upstream);
        var target = new Uri(string.Format(CultureInfo.InvariantCulture, url, listener.Port, other.Port));
        await Assert.ThrowsAsync<OutboundRefusedException>(() => client.GetAsync(target, Stop));
        Assert.Equal(0, listener.Connections + other.Connections);
    }

    [Fact]
    public async Task SSRF_7_Plain_http_is_refused_outside_Development_even_when_allowed()
    {
        await using var listener = new CountingListener();
        using var guard = Guard([$"127.0.0.1:{listener.Port}"], development: false);
        using var client = guard.Create(OutboundPurpose.Upstream);
        var refused = await Assert.ThrowsAsync<OutboundRefusedException>(() => client.GetAsync(new Uri($"http://127.0.0.1:{listener.Port}/"), Stop));
        Assert.Contains("https only", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, listener.Connections);
    }

    [Fact]
    public async Task SSRF_7_Plain_http_stays_on_this_machine()
    {
        using var guard = Guard(["intranet.example:8080"], resolve: (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.1.2.3")]));
        using var client = guard.Create(OutboundPurpose.Upstream);
        await Assert.ThrowsAsync<OutboundRefusedException>(() => client.GetAsync(new Uri("http://intranet.example:8080/"), Stop));
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("0.0.0.0")]
    [InlineData("fe80::1")]
    [InlineData("224.0.0.1")]
    [InlineData("100.100.100.200")]
    [InlineData("64:ff9b::7f00:1")]
    public async Task SSRF_9_The_allow_list_never_opens_metadata_or_link_local_addresses(string address)
    {
        using var guard = Guard(["intranet.example:443"], resolve: (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(address)]));
        using var client = guard.Create(OutboundPurpose.Upstream);
        await Assert.ThrowsAsync<OutboundRefusedException>(() => client.GetAsync(new Uri("https://intranet.example/"), Stop));
    }

    [Fact]
    public async Task SSRF_3_A_name_with_one_internal_address_is_refused_whole()
    {
        await using var listener = new CountingListener();
        using var guard = Guard(ports: [listener.Port], resolve: (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("1.1.1.1"), IPAddress.Loopback]));
        using var client = guard.Create(OutboundPurpose.Upstream);
        await Assert.ThrowsAsync<OutboundRefusedException>(() => client.GetAsync(new Uri($"https://mixed.example:{listener.Port}/"), Stop));
        Assert.Equal(0, listener.Connections);
    }

    [Fact]
    public async Task SSRF_3_A_name_is_resolved_once_per_connection_and_the_checked_answer_is_the_one_used()
    {
        await using var listener = new CountingListener();
        var asked = 0;
        using var guard = Guard(ports: [listener.Port], resolve: (_, _) =>
            Task.FromResult<IPAddress[]>([++asked == 1 ? IPAddress.Parse("::ffff:0:0") : IPAddress.Loopback]));
        using var client = guard.Create(OutboundPurpose.Upstream);
        var url = new Uri($"https://rebind.example:{listener.Port}/");
        await Assert.ThrowsAsync<OutboundRefusedException>(() => client.GetAsync(url, Stop));
        Assert.Equal(1, asked);
        await Assert.ThrowsAsync<OutboundRefusedException>(() => client.GetAsync(url, Stop));
        Assert.Equal(2, asked);
        Assert.Equal(0, listener.Connections);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task SSRF_4_6_A_redirect_is_handed_back_and_not_followed(int status)
    {
        await using var target = new CountingListener();
        await using var listener = new CountingListener($"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{target.Port}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using var guard = Guard([$"127.0.0.1:{listener.Port}", $"127.0.0.1:{target.Port}"]);
        using var client = guard.Create(OutboundPurpose.Upstream);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{listener.Port}/") { Content = new StringContent("body") };
        request.Headers.Add("X-Api-Key", "marker");
        using var answer = await client.SendAsync(request, Stop);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(0, target.Connections);
    }

    [Fact]
    public async Task ISO_7_A_cookie_of_one_answer_is_not_sent_with_the_next_request()
    {
        await using var listener = new CountingListener("HTTP/1.1 200 OK\r\nSet-Cookie: sid=A; Path=/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using var guard = Guard([$"127.0.0.1:{listener.Port}"]);
        for (var i = 0; i < 2; i++)
        {
            using var client = guard.Create(OutboundPurpose.Upstream);
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{listener.Port}/"), Stop);
        }

        Assert.Equal(2, listener.Requests.Count);
        Assert.All(listener.Requests, r => Assert.DoesNotContain("cookie", r, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task SSRF_10_A_proxy_from_the_environment_is_ignored()
    {
        await using var proxy = new CountingListener();
        await using var listener = new CountingListener();
        var before = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = new WebProxy($"http://127.0.0.1:{proxy.Port}");
        try
        {
            using var guard = Guard([$"127.0.0.1:{listener.Port}"]);
            using var client = guard.Create(OutboundPurpose.Upstream);
            await client.GetStringAsync(new Uri($"http://127.0.0.1:{listener.Port}/"), Stop);
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }

        Assert.Equal(0, proxy.Connections);
        Assert.Equal(1, listener.Connections);
    }

    [Theory]
    [InlineData("a\r\nX-Evil: 1")]
    [InlineData("a\nX-Evil: 1")]
    [InlineData("a\rb")]
    [InlineData("a\0b")]
    public async Task INJ_5_A_header_value_with_a_line_break_never_reaches_the_wire_or_the_message(string value)
    {
        await using var listener = new CountingListener();
        using var guard = Guard([$"127.0.0.1:{listener.Port}"]);
        using var client = guard.Create(OutboundPurpose.Upstream);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{listener.Port}/");
        Assert.True(request.Headers.TryAddWithoutValidation("X-Key", value));
        var refused = await Assert.ThrowsAsync<OutboundRefusedException>(() => client.SendAsync(request, Stop));
        Assert.DoesNotContain("Evil", refused.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, listener.Connections);
    }

    [Fact]
    public async Task INJ_5_Another_host_header_is_refused()
    {
        await using var listener = new CountingListener();
        using var guard = Guard([$"127.0.0.1:{listener.Port}"]);
        using var client = guard.Create(OutboundPurpose.Upstream);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{listener.Port}/");
        request.Headers.Host = "internal.example";
        await Assert.ThrowsAsync<OutboundRefusedException>(() => client.SendAsync(request, Stop));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\nConnection: close\r\n\r\nxx")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public async Task An_answer_over_the_cap_is_not_kept(string answer)
    {
        await using var listener = new CountingListener(answer);
        using var guard = Guard([$"127.0.0.1:{listener.Port}"]);
        using var client = guard.Create(OutboundPurpose.SignIn);
        using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{listener.Port}/"), HttpCompletionOption.ResponseHeadersRead, Stop);
        var refused = await Assert.ThrowsAsync<OutboundRefusedException>(() => response.ReadCappedAsync(64, Stop));
        Assert.DoesNotContain("xxx", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("8.8.8.8")]
    [InlineData("172.32.0.1")]
    [InlineData("172.15.255.255")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.1")]
    [InlineData("192.167.1.1")]
    [InlineData("11.0.0.1")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001::200e")]
    [InlineData("::ffff:8.8.8.8")]
    public void Public_addresses_stay_public(string address) => Assert.Equal(AddressKind.Public, AddressRules.Classify(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://EXAMPLE.com/a?b", "https://example.com:443")]
    [InlineData("http://example.com", "http://example.com:80")]
    [InlineData("https://example.com:8443/", "https://example.com:8443")]
    [InlineData("https://example.com./", "https://example.com.:443")]
    [InlineData("https://[::1]:5090/x", "https://[::1]:5090")]
    [InlineData("https://bücher.example/", "https://xn--bcher-kva.example:443")]
    public void An_origin_has_one_spelling(string url, string origin) => Assert.Equal(origin, DestinationOrigin.Of(new Uri(url)));

    [Theory]
    [InlineData("*.example:443")]
    [InlineData("example.com")]
    [InlineData("https://example.com:443")]
    [InlineData("example.com:0")]
    [InlineData("example.com:70000")]
    [InlineData("a@example.com:443")]
    [InlineData("10.0.0.0/8:443")]
    [InlineData("")]
    public void SSRF_9_A_vague_allow_list_entry_is_an_error_that_names_its_key(string entry)
    {
        var error = Assert.Single(new OutboundOptions { AllowedHosts = ["ok.example:443", entry] }.Errors());
        Assert.Contains("Outbound:AllowedHosts:1", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_else_in_the_portal_makes_a_way_out()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(RepositoryRoot(), "src", "McpPortal"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        string[] handlers = ["new SocketsHttpHandler", "new HttpClientHandler", "WebRequest.Create", "new ClientWebSocket", "AddHttpClient(", "new HttpClient()"];
        // Clients over a chain of handlers, whose last one is the guard's.
        string[] overTheGuard = ["SessionOpener.cs"];
        var outside = sources.Where(f => Path.GetFileName(f) != "OutboundGuard.cs")
            .Where(f => File.ReadAllText(f) is var text && (Array.Exists(handlers, d => text.Contains(d, StringComparison.Ordinal))
                || (text.Contains("new HttpClient(", StringComparison.Ordinal)
                    && !(overTheGuard.Contains(Path.GetFileName(f)) && text.Contains(".CreateHandler(OutboundPurpose.", StringComparison.Ordinal)))));
        Assert.Empty(outside);
    }

    private static OutboundGuard Guard(IList<string>? hosts = null, bool development = true, IList<int>? ports = null, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null) =>
        new(new OutboundOptions { AllowedHosts = hosts ?? [], Ports = ports ?? [] }, development, resolve ?? Dns.GetHostAddressesAsync);

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "McpPortal.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("McpPortal.sln");
        }

        return folder.FullName;
    }
}
