using System.Buffers.Text;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using McpPortal.Data;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace McpPortal.Tests.Rig.Canaries;

/// <summary>The scan finds what it is there to find: each spelling, in each kind of place.</summary>
public sealed class CanaryScanTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Encodings => [.. Encoders.Keys];

    private static Dictionary<string, Func<byte[], string>> Encoders { get; } = new(StringComparer.Ordinal)
    {
        ["raw"] = Encoding.UTF8.GetString,
        ["upper case"] = bytes => Encoding.UTF8.GetString(bytes).ToUpperInvariant(),
        ["base64"] = Convert.ToBase64String,
        ["base64url"] = bytes => Base64Url.EncodeToString(bytes),
        ["hex, lower"] = Convert.ToHexStringLower,
        ["hex, upper"] = Convert.ToHexString,
        ["hex, dashed"] = BitConverter.ToString,
        ["address"] = bytes => Uri.EscapeDataString(Encoding.UTF8.GetString(bytes)),
        ["form"] = bytes => WebUtility.UrlEncode(Encoding.UTF8.GetString(bytes)),
        ["every byte percent"] = bytes => string.Concat(bytes.Select(b => $"%{b:x2}")),
        ["JSON"] = bytes => JsonSerializer.Serialize(Encoding.UTF8.GetString(bytes)),
        ["every character escaped"] = bytes => string.Concat(bytes.Select(b => $"\\u00{b:x2}")),
        ["HTML"] = bytes => WebUtility.HtmlEncode(Encoding.UTF8.GetString(bytes)),
        ["UTF-16"] = bytes => Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(bytes))),
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void A_planted_secret_is_found_however_it_is_spelled_and_whatever_stands_around_it(string encoding)
    {
        for (var before = 0; before < 4; before++)
        {
            var scan = new CanaryScan();
            scan.Hear("there", $"…{Encoders[encoding](Encoding.UTF8.GetBytes($"{new string('{', before)}{Canary.New("key")}\"}}"))}…");

            Assert.Contains("there: a planted secret", Assert.Single(scan.Leaks()), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void A_secret_that_was_not_made_for_the_test_is_found_as_well(string encoding)
    {
        const string Made = "s3cret/with+every<kind>&of~sign";
        for (var before = 0; before < 4; before++)
        {
            var scan = new CanaryScan();
            scan.Watch("its key", Made);
            scan.Hear("there", Encoders[encoding](Encoding.UTF8.GetBytes($"{new string('{', before)}{Made}\"}}")));

            Assert.Contains("there: its key", Assert.Single(scan.Leaks()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_no_secret_is_not_found()
    {
        var scan = new CanaryScan();
        scan.Watch("its key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        scan.Hear("there", "mcpp_0123456789Ab is the public part, mcpp_ the beginning, and ein Kanarienvogel sings");
        scan.Hear("there", Convert.ToBase64String(RandomNumberGenerator.GetBytes(100_000)));

        Assert.Empty(scan.Leaks());
        scan.Hear("there", $"mcpp_0123456789Ab_{new string('a', 49)}");
        Assert.Single(scan.Leaks());
    }

    [Fact]
    public void Logs_are_heard_at_every_level_with_values_scopes_and_exceptions()
    {
        Action<ILogger>[] leaks =
        [
            logger => logger.Log(LogLevel.Trace, "{Value}", Canary.New("text")),
            logger => logger.Log(LogLevel.Critical, new InvalidOperationException("outer", new InvalidOperationException(Canary.New("inner"))), "fine"),
            logger => logger.Log(LogLevel.Debug, default, new[] { KeyValuePair.Create("value", (object?)Canary.New("state")) }, null, (_, _) => "fine"),
            logger => logger.Log(LogLevel.Debug, default, new[] { KeyValuePair.Create("values", (object?)new[] { "a", Canary.New("list") }) }, null, (_, _) => "fine"),
            logger => logger.BeginScope("{Scope}", Canary.New("scope")),
        ];
        foreach (var leak in leaks)
        {
            var scan = new CanaryScan();
            leak(scan.Logs.CreateLogger("category"));
            Assert.Contains("log category", Assert.Single(scan.Leaks()), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("update users set display_name = $1")]
    [InlineData("update users set email = $1")]
    [InlineData("create table left_over as select convert_to($1, 'UTF8') as bytes")]
    public async Task A_database_is_searched_in_every_table_before_it_is_dropped(string sql)
    {
        var database = await cluster.CreateAsync(Stop);
        database.Canaries.IsTrial = true;
        await using (var portal = new PortalDatabase(database.Options))
        await using (var scope = await portal.ForSystemAsync(Stop))
        {
            scope.Db.Users.Add(new User { DisplayName = "ana" });
            await scope.CommitAsync(Stop);
        }

        await using (var connection = new NpgsqlConnection(cluster.ConnectionString(PostgresCluster.Superuser, database.Name) + ";Pooling=false"))
        {
            await connection.OpenAsync(Stop);
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = Canary.New("row") } } };
            await command.ExecuteNonQueryAsync(Stop);
        }

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => database.DisposeAsync().AsTask());
        Assert.Contains("database: a planted secret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_are_heard_with_headers_and_body_but_for_what_shows_its_owner_their_own()
    {
        foreach (var (inHeader, own, leaks) in new[] { (false, false, 1), (true, false, 1), (false, true, 0), (true, true, 1) })
        {
            var scan = new CanaryScan();
            using var client = new HttpClient(new HeardBodies(scan, new Answer(inHeader)));
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://localhost/here");
            request.Options.Set(HeardBodies.ShowsOwn, own);
            using var answer = await client.SendAsync(request, Stop);

            Assert.Equal(leaks, scan.Leaks().Count);
            Assert.Equal(inHeader, !(await answer.Content.ReadAsStringAsync(Stop)).Contains(Canary.Tag, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Folders_are_searched_to_the_bottom()
    {
        var folder = Directory.CreateTempSubdirectory("portal-scan-");
        await File.WriteAllTextAsync(Path.Combine(folder.CreateSubdirectory("deep").FullName, ".hidden"), Canary.New("file"), Stop);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "settings.env"), Canary.New("file"), Stop);

        // As a killed runtime leaves it: whoever opens it waits for ever.
        await ChildProcess.RunAsync("mkfifo", [Path.Combine(folder.FullName, "pipe")], Stop);
        var scan = new CanaryScan();
        await Task.Run(() => scan.HearFolder(folder.FullName, "settings.env"), Stop).WaitAsync(TimeSpan.FromMinutes(1), Stop);
        folder.Delete(recursive: true);

        Assert.Contains(".hidden", Assert.Single(scan.Leaks()), StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_of_metrics_and_tags_of_activities_are_heard()
    {
        var telemetry = new HeardTelemetry(source => source == HeardTelemetry.Trial);
        using var meter = new Meter(HeardTelemetry.Trial);
        using var source = new ActivitySource(HeardTelemetry.Trial);
        meter.CreateCounter<int>("count").Add(1, KeyValuePair.Create("label", (object?)Canary.New("label")));
        meter.CreateHistogram<double>("times").Record(1, KeyValuePair.Create("label", (object?)"fine"));
        meter.CreateObservableGauge("gauge", () => new Measurement<long>(1, KeyValuePair.Create("label", (object?)Canary.New("gauge"))));
        using (var activity = source.StartActivity("work"))
        {
            activity!.SetTag("tag", Canary.New("tag"));
            activity.AddEvent(new ActivityEvent("event", tags: new() { ["tag"] = Canary.New("event") }));
            activity.SetStatus(ActivityStatusCode.Error, Canary.New("status"));
        }

        var failure = Assert.ThrowsAny<Exception>(telemetry.Dispose);
        Assert.Equal(5, telemetry.Leaks.Count);
        Assert.Contains("label of gauge", failure.Message, StringComparison.Ordinal);
    }

    private sealed class Answer(bool inHeader) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage { Content = new StringContent(inHeader ? "fine" : Canary.New("body")) };
            response.Headers.Add("X-Said", inHeader ? Canary.New("header") : "fine");
            return Task.FromResult(response);
        }
    }
}
