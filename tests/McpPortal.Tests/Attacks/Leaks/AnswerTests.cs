using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Vault;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Attacks.Leaks;

/// <summary>What the portal says to browsers, programs and strangers. Each test ends with the scan of everything that it wrote (<see cref="CanaryScan"/>).</summary>
public sealed partial class AnswerTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LEAK_1_No_setting_makes_the_portal_log_what_providers_hand_back_or_keys_in_addresses()
    {
        await using var portal = await SignedInPortal.StartAsync(
            cluster,
            ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"),
            ("Logging:HeardLogs:LogLevel:Default", "Trace"),
            ("Logging:HeardLogs:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"),
            ($"Logging:{typeof(HeardLogs).FullName}:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"));
        using var stray = await portal.Portal.Browser().GetAsync(new Uri($"/servers?token={portal.Secret}", UriKind.Relative), Stop);
        using var call = await portal.Program.PostAsJsonAsync("/mcp/tool/call", new { serverName = "who", methodName = "whoami" }, Stop);

        Assert.Equal(HttpStatusCode.OK, call.StatusCode);
        Assert.Empty(portal.Canaries.Leaks());
        Assert.True(portal.Canaries.Heard("log Microsoft.AspNetCore.Routing.EndpointMiddleware") > 0, "Nothing was logged below Information, so nothing was shown.");
    }

    [Fact]
    public async Task LEAK_2_Failures_show_an_id_to_ask_with_and_nothing_of_what_happened()
    {
        await using var portal = await SignedInPortal.StartAsync(cluster);
        var evil = Canary.New("unsent");
        await portal.SqlAsync("alter table secrets rename to secrets_gone; alter table servers rename to servers_gone; alter table connections rename to connections_gone; select 1");
        portal.Get<McpPortal.Coordination.Invalidations>().Heard(TimeProvider.System.GetTimestamp());
        foreach (var body in (object[])
        [
            new { serverName = "who", secretName = "token", secretValue = evil },
            new { serverName = "who", secretName = "token", secretValue = $"{evil}\r\nX-Evil: 1" },
            new { serverName = "who", secretName = "token", secretValue = new[] { evil } },
            new { serverName = new { evil }, secretName = "token" },
        ])
        {
            using var answer = await portal.Program.PostAsJsonAsync("/secrets/set", body, Stop);
            Assert.InRange((int)answer.StatusCode, 400, 599);
            await ShowsNothingAsync(answer);
        }

        using var broken = await portal.Program.PostAsync("/secrets/set", new StringContent($"{{\"secretValue\": \"{evil}\" \"", null, "application/json"), Stop);
        Assert.False(broken.IsSuccessStatusCode);
        await ShowsNothingAsync(broken);

        foreach (var path in (string[])["/servers", "/secrets", "/connections", "/servers/who", "/", "/connect/github", "/profile", "/access"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", "text/html" } } };
            using var page = await portal.Browser.SendAsync(request, Stop);
            await ShowsNothingAsync(page);
        }

        using var call = await portal.Program.PostAsJsonAsync("/secrets/delete", new { serverName = "who", secretName = "token" }, Stop);
        Assert.Equal(HttpStatusCode.InternalServerError, call.StatusCode);
        Assert.Contains("traceId", await call.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LEAK_4_No_answer_to_a_GET_has_a_field_for_a_credential()
    {
        await using var portal = await SignedInPortal.StartAsync(cluster);
        var seen = 0;
        var routes = portal.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("GET") ?? true)
            .Select(route => "/" + Parameter().Replace(route.RoutePattern.RawText!.TrimStart('/'), match => match.Value.Contains("ocument", StringComparison.Ordinal) ? "v1" : "who"))
            .Where(path => !path.StartsWith("/_", StringComparison.Ordinal) && !path.Contains("sign", StringComparison.Ordinal) && !path.StartsWith("/test/", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal);
        foreach (var path in routes)
        {
            foreach (var client in (HttpClient[])[portal.Browser, portal.Program])
            {
                using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Stop);
                var text = await answer.Content.ReadAsStringAsync(Stop);
                seen++;
                if (answer.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true && !path.StartsWith("/openapi", StringComparison.Ordinal)
                    && path != ServerMetadata.WellKnown) // names the address that gives tokens
                {
                    Assert.DoesNotMatch(CredentialField(), text);
                }

                // Not even ciphertext: the marks of the record format, in the spellings of JSON and of pages.
                Assert.All(Spellings.Of("MPE\u0001\u0001").Where(spelling => spelling.Length > 5), spelling => Assert.DoesNotContain(spelling, text, StringComparison.Ordinal));
            }
        }

        Assert.InRange(seen, 20, 1000);
        using var page = await portal.Browser.GetAsync(new Uri("/servers/who", UriKind.Relative), Stop);
        using var document = JsonDocument.Parse(await portal.Program.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Stop));
        var answers = document.RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject().Where(schema => !schema.Name.EndsWith("Request", StringComparison.Ordinal));
        Assert.All(answers, schema => Assert.DoesNotMatch(CredentialField(), schema.Value.GetRawText()));
    }

    [Fact]
    public async Task LEAK_5_Nothing_that_the_portal_answers_is_stored_and_secret_fields_are_never_filled_in()
    {
        await using var portal = await SignedInPortal.StartAsync(cluster);
        using var stranger = portal.Portal.Browser();
        (HttpClient Client, HttpMethod Method, string Path)[] requests =
        [
            (portal.Browser, HttpMethod.Get, "/"), (portal.Browser, HttpMethod.Get, "/servers/who"), (portal.Browser, HttpMethod.Get, "/secrets"), (portal.Browser, HttpMethod.Get, "/nowhere"),
            (portal.Program, HttpMethod.Post, "/mcp/tool/call"), (portal.Program, HttpMethod.Post, "/secrets/set"), (portal.Program, HttpMethod.Post, "/secrets/delete"),
            (stranger, HttpMethod.Post, "/secrets/set"), (stranger, HttpMethod.Get, "/servers"), (stranger, HttpMethod.Get, "/healthz"), (stranger, HttpMethod.Get, "/openapi/v1.json"),
        ];
        foreach (var (client, method, path) in requests)
        {
            using var request = new HttpRequestMessage(method, path);
            if (method == HttpMethod.Post)
            {
                request.Content = JsonContent.Create(new { serverName = "who", methodName = "whoami", secretName = "token", secretValue = portal.Secret });
            }

            using var answer = await client.SendAsync(request, Stop);
            Assert.True(answer.Headers.CacheControl?.NoStore, $"{method} {path} {answer.StatusCode} may be stored.");
            Assert.Equal("same-origin", answer.Headers.GetValues("Referrer-Policy").Single());
        }

        var html = await portal.Browser.GetStringAsync(new Uri("/servers/who", UriKind.Relative), Stop);
        Assert.All(PasswordField().Matches(html), field => Assert.Contains("autocomplete=\"off\"", field.Value, StringComparison.Ordinal));
        Assert.All(PasswordField().Matches(html), field => Assert.DoesNotContain("value=\"", field.Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task LEAK_6_Labels_of_metrics_name_nobody()
    {
        var labels = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => self.EnableMeasurementEvents(instrument) };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => Keep(tags));
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Keep(tags));
        listener.SetMeasurementEventCallback<int>((_, _, tags, _) => Keep(tags));
        listener.Start();
        await using var portal = await SignedInPortal.StartAsync(cluster);
        using var call = await portal.Program.PostAsJsonAsync("/mcp/tool/call", new { serverName = "who", methodName = "whoami" }, Stop);
        Assert.Equal(HttpStatusCode.OK, call.StatusCode);
        listener.RecordObservableInstruments();

        Assert.NotEmpty(labels);
        var id = portal.Ana.ToString();
        Assert.DoesNotContain(labels, label => label.Contains(id, StringComparison.OrdinalIgnoreCase) || label.Contains("ana@", StringComparison.OrdinalIgnoreCase) || label.Contains(id.Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase));

        void Keep(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                labels.Enqueue($"{tag.Value}");
            }
        }
    }

    [Fact]
    public async Task LEAK_9_Strangers_learn_that_the_portal_lives_and_nothing_else()
    {
        await using var portal = await SignedInPortal.StartAsync(cluster);
        using var stranger = portal.Portal.Browser();
        foreach (var (path, text) in new[] { ("/healthz", "ok"), ("/readyz", "ready") })
        {
            using var answer = await stranger.GetAsync(new Uri(path, UriKind.Relative), Stop);
            Assert.Equal(text, await answer.Content.ReadAsStringAsync(Stop));
            Assert.False(answer.Headers.Contains("Server"), "The server names itself.");
            Assert.False(answer.Headers.Contains("X-Powered-By"));
        }

        foreach (var path in (string[])["/metrics", "/debug", "/debug/pprof", "/debug/vars", "/health", "/info", "/status", "/version", "/env", "/swagger", "/trace", "/_framework/debug", "/.env", "/appsettings.json", "/appsettings.Development.json"])
        {
            using var answer = await stranger.GetAsync(new Uri(path, UriKind.Relative), Stop);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            var said = await answer.Content.ReadAsStringAsync(Stop);
            Assert.DoesNotContain(portal.Ana.ToString(), said, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Environment.Version.ToString(), said, StringComparison.Ordinal);
        }
    }

    private static async Task ShowsNothingAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(Stop) + string.Join(' ', answer.Headers.SelectMany(header => header.Value));
        Assert.DoesNotMatch(Innards(), text);
        Assert.False(CanaryScan.Holds(text), text);
    }

    [GeneratedRegex(@"Exception|\bat McpPortal\.|Npgsql|42P01|secrets_gone|servers_gone|relation |\bselect\b.*\bfrom\b|\.cs:line|X-Evil|127\.0\.0\.1.*[Pp]assword|Username=", RegexOptions.IgnoreCase, 5000)]
    private static partial Regex Innards();

    [GeneratedRegex("\"[A-Za-z_]*(token|secretValue|ciphertext|nonce|verifier|password|client_?secret)[A-Za-z_]*\"\\s*:", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex CredentialField();

    [GeneratedRegex("<(input[^>]*type=\"password\"|textarea[^>]*secret)[^>]*>", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex PasswordField();

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.None, 5000)]
    private static partial Regex Parameter();
}
