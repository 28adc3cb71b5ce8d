using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Tests.Hosting;

/// <summary>
/// The portal in Production with exactly the variables of infra/compose.yaml, behind nginx with exactly infra/nginx.conf but for ports
/// and paths. nginx calls from 127.0.0.1; other addresses of loopback are people, or machines that reach past the proxy.
/// </summary>
public sealed partial class BehindProxyTests(PostgresCluster cluster) : IAsyncLifetime
{
    private const string Person = "127.0.0.3";
    private const string Stranger = "127.0.0.2";
    private const string Proxy = "127.0.0.1";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("portal-nginx-");
    private readonly int _portalPort = Ports.Free();
    private readonly int _nginxPort = Ports.Free();
    private X509Certificate2 _certificate = null!;
    private PortalServices _data = null!;
    private StandInProvider _provider = null!;
    private ChildProcess _portal = null!;
    private ChildProcess _nginx = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string PublicUrl => $"https://localhost:{_nginxPort}";

    public async ValueTask InitializeAsync()
    {
        _certificate = MakeCertificate();
        _data = await PortalServices.CreateAsync(cluster, Stop);
        _provider = await StandInProvider.StartAsync(_certificate);
        _portal = ChildProcess.Start("dotnet", [ServingPortal.Program, "serve", "--urls", $"http://127.0.0.1:{_portalPort}"], PortalVariables(), _folder.FullName);
        await _portal.WaitForLineAsync("Now listening on", TimeSpan.FromSeconds(90), Stop);
        _nginx = StartNginx();
        using var client = Client(Person, PublicUrl);
        var (status, _) = await Eventually.AskAsync(() => StatusAsync(client, "/readyz"), status => status == HttpStatusCode.OK, TimeSpan.FromSeconds(60));
        Assert.True(status == HttpStatusCode.OK, $"{status}\n{_nginx.Output()}\n{_portal.Output()}");
    }

    public async ValueTask DisposeAsync()
    {
        await _nginx.DisposeAsync();
        await _portal.DisposeAsync();
        await _provider.DisposeAsync();
        await _data.DisposeAsync();
        _certificate.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task AUTH_15_A_person_signs_in_and_every_cookie_is_bound_to_https_and_this_host()
    {
        using var client = Client(Person, PublicUrl);
        using var begun = await client.GetAsync("/signin", Stop);
        Assert.True(begun.StatusCode == HttpStatusCode.Found, _portal.Output());
        var query = QueryHelpers.ParseQuery(begun.Headers.Location!.Query);
        Assert.Equal(PublicUrl + "/signin-oidc", query["redirect_uri"]);
        _provider.Nonce = query["nonce"];
        using var done = await client.GetAsync($"/signin-oidc?code=one&state={Uri.EscapeDataString(query["state"]!)}", Stop);
        Assert.True(done.StatusCode == HttpStatusCode.Found, _portal.Output());
        using var home = await client.GetAsync("/", Stop);
        Assert.Contains("action=\"/signout\"", await home.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);

        var cookies = new[] { begun, done, home }.SelectMany(a => a.Headers.TryGetValues("Set-Cookie", out var values) ? values : []).Where(c => !c.StartsWith("portal_node=", StringComparison.Ordinal)).ToList();
        Assert.Contains(cookies, cookie => cookie.StartsWith("__Host-portal-session=", StringComparison.Ordinal));
        Assert.Contains(cookies, cookie => cookie.StartsWith("__Host-portal-antiforgery=", StringComparison.Ordinal));
        Assert.All(cookies, cookie =>
        {
            Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
            Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("; path=/;", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Theory]
    [InlineData(Person, true, Person)] // nginx says who asks, whatever the person wrote
    [InlineData(Stranger, false, Stranger)] // past the proxy nothing is believed
    [InlineData(Proxy, false, "6.6.6.6")] // which the proxy itself would be
    public async Task AUTH_12_Who_asks_is_the_word_of_the_proxy_alone(string from, bool throughNginx, string recorded)
    {
        var ana = await _data.AddUserAsync("ana");
        var keys = _data.Get<AccessKeys>();
        var key = await keys.CreateAsync(ana, "test", readOnly: false, servers: null, expiresAt: null, Actor.Page(ana), Stop);
        using var client = Client(from, throughNginx ? PublicUrl : $"http://127.0.0.1:{_portalPort}");
        using var request = Forged(HttpMethod.Post, "/secrets/delete");
        request.Content = JsonContent.Create(new { serverName = "none", secretName = "none" });
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await client.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);

        var (listing, _) = await Eventually.AskAsync(async () => (await keys.ListAsync(ana, Stop)).Single(), k => k.LastUsedFrom is not null, TimeSpan.FromSeconds(60));
        Assert.Equal(recorded, IPAddress.Parse(listing.LastUsedFrom!).MapToIPv4().ToString());
    }

    [Theory]
    [InlineData(Person, true, true)]
    [InlineData(Stranger, false, false)]
    public async Task AUTH_12_Neither_the_scheme_nor_the_host_is_taken_from_a_forged_header(string from, bool throughNginx, bool https)
    {
        using var client = Client(from, throughNginx ? PublicUrl : $"http://127.0.0.1:{_portalPort}");
        using var request = Forged(HttpMethod.Get, "/signin");
        request.Headers.Host = "evil.example";
        using var answer = await client.SendAsync(request, Stop);

        // Only an answer to https tells the browser to come by https for ever.
        Assert.Equal(https, answer.Headers.Contains("Strict-Transport-Security"));
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal(PublicUrl + "/signin-oidc", QueryHelpers.ParseQuery(answer.Headers.Location!.Query)["redirect_uri"]);
    }

    private static HttpRequestMessage Forged(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in ((string, string)[])[("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example"), ("X-Original-URL", "/admin"), ("X-Forwarded-User", "cara")])
        {
            request.Headers.Add(name, value);
        }

        return request;
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        try
        {
            using var answer = await client.GetAsync(path, Stop);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return HttpStatusCode.BadGateway;
        }
    }

    /// <summary>A client whose connections come from the given address of loopback.</summary>
    private HttpClient Client(string from, string address) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        CookieContainer = new CookieContainer(),
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == _certificate.GetCertHashString() },
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri(address),
    };

    private Dictionary<string, string?> PortalVariables()
    {
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Database__Provider"] = "Postgres",
            ["ConnectionStrings__App"] = _data.TestDatabase.App,
            ["ConnectionStrings__System"] = _data.TestDatabase.System,
            ["Vault__RootKeyFile"] = _data.RootKey,
            ["Portal__PublicUrl"] = PublicUrl,
            ["Oidc__Authority"] = _provider.Issuer,
            ["Oidc__ClientId"] = "portal",
            ["Oidc__ClientSecret"] = "obviously-fake",
            ["Oidc__BootstrapAdmins__0"] = "",
            ["Portal__KnownProxies__0"] = Proxy,
            ["Servers__Seed__EmailProgram"] = Path.Combine(_folder.FullName, "McpPortal.EmailServer.dll"),
        };
        var compose = File.ReadAllText(Path.Combine(Repository.Root, "infra", "compose.yaml"));
        var portal = compose[compose.IndexOf("&portal-environment", StringComparison.Ordinal)..compose.IndexOf("\nservices:", StringComparison.Ordinal)];
        Assert.Equal(Variable().Matches(portal).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal), values.Keys.Order(StringComparer.Ordinal));

        // Of the Dockerfile.
        (values["ASPNETCORE_ENVIRONMENT"], values["DOTNET_EnableDiagnostics"]) = ("Production", "0");

        // Of this test: where the provider stands, and what vouches for it.
        (values["Outbound__AllowedHosts__0"], values["SSL_CERT_FILE"]) = ($"localhost:{_provider.Port}", Path.Combine(_folder.FullName, "tls", "portal.crt"));
        values["Connections__JournalFolder"] = Path.Combine(_folder.FullName, "journal");
        return values;
    }

    private ChildProcess StartNginx()
    {
        var infra = Path.Combine(Repository.Root, "infra");
        var node = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_portalPort}");
        Write("nginx.conf", File.ReadAllText(Path.Combine(infra, "nginx.conf")), ("listen 8443 ssl", $"listen 127.0.0.1:{_nginxPort} ssl"), ("/tmp/mcpportal-nginx", Path.Combine(_folder.FullName, "nginx")));
        Write("nodes.conf", File.ReadAllText(Path.Combine(infra, "nodes.conf")), ("portal-1:8080", node), ("portal-2:8080", node));
        return ChildProcess.Start("/usr/sbin/nginx", ["-p", _folder.FullName, "-c", Path.Combine(_folder.FullName, "nginx.conf"), "-g", "daemon off;"]);
    }

    private void Write(string name, string text, params ReadOnlySpan<(string Old, string New)> changes)
    {
        foreach (var (old, @new) in changes)
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            text = text.Replace(old, @new, StringComparison.Ordinal);
        }

        File.WriteAllText(Path.Combine(_folder.FullName, name), text);
    }

    private X509Certificate2 MakeCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var tls = _folder.CreateSubdirectory("tls").FullName;
        File.WriteAllText(Path.Combine(tls, "portal.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(tls, "portal.key"), key.ExportPkcs8PrivateKeyPem());
        return certificate;
    }

    [GeneratedRegex("(?m)^    (?<name>[A-Za-z]+__[A-Za-z0-9_]+):", RegexOptions.None, 1000)]
    private static partial Regex Variable();
}
