using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Attacks.Database;

/// <summary>
/// Programs that set secrets over and over through the REST interface, each its own one after the other, and remember what was
/// acknowledged. Afterwards the database must hold every acknowledged value or a later one, and one audit entry for each change.
/// </summary>
internal sealed class Writers : IDisposable
{
    /// <summary>No answer at all.</summary>
    private const HttpStatusCode Gone = default;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly PortalDatabase _database;
    private readonly SecretVault _vault;
    private readonly Place[] _places;
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false }) { Timeout = TimeSpan.FromSeconds(100) };

    private Writers(PortalDatabase database, SecretVault vault, Place[] places) => (_database, _vault, _places) = (database, vault, places);

    /// <summary>Every answer that was not 200, and what its problem said; 0 for none.</summary>
    public ConcurrentBag<(HttpStatusCode Status, string Body)> Refusals { get; } = [];

    public int Acknowledged => _places.Sum(place => place.Acknowledged);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The programs write through a portal that need not be the one whose services look at the result.</summary>
    public static async Task<Writers> AtAsync(PortalDatabase database, SecretVault vault, string address, IEnumerable<(string Key, UserId Owner, string Server)> programs)
    {
        var writers = new Writers(database, vault, [.. programs.Select(program => new Place(program.Key, program.Owner, program.Server))]);
        await writers.GoToAsync(address);
        return writers;
    }

    /// <summary>Each writes once to a portal that works, which is the point from which changes are counted.</summary>
    public async Task GoToAsync(string address)
    {
        foreach (var place in _places)
        {
            place.Address = address;
            Assert.Equal(HttpStatusCode.OK, await WriteAsync(place, Stop));
            (place.Generation, place.Audited, _) = await ReadAsync(place);
            (place.FirstSent, place.Acknowledged) = (place.Sent, 0);
        }
    }

    /// <summary>All write at once until told to stop, or until the portal is gone.</summary>
    public Task RunAsync(CancellationToken enough) => Task.WhenAll(_places.Select(place => Task.Run(
        async () =>
        {
            while (!enough.IsCancellationRequested && await WriteAsync(place, CancellationToken.None) is not Gone)
            {
                await Task.Delay(Pause, CancellationToken.None);
            }
        },
        CancellationToken.None)));

    /// <summary>One write of the first program.</summary>
    public Task<HttpStatusCode> WriteAsync() => WriteAsync(_places[0], Stop);

    public async Task AssertNothingLostAsync()
    {
        foreach (var place in _places)
        {
            var (generation, audited, number) = await ReadAsync(place);
            var changes = generation - place.Generation;
            Assert.Equal(changes, audited - place.Audited);
            Assert.InRange(changes, place.Acknowledged, place.Sent - place.FirstSent);
            Assert.InRange(number, place.LastAcknowledged, place.Sent);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<HttpStatusCode> WriteAsync(Place place, CancellationToken cancellationToken)
    {
        int number;
        lock (place)
        {
            number = ++place.Sent;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, $"{place.Address}/secrets/set")
        {
            Content = JsonContent.Create(new { serverName = place.Server, secretName = "token", secretValue = string.Create(CultureInfo.InvariantCulture, $"write-{number}") }),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", place.Key) },
        };
        try
        {
            using var answer = await _client.SendAsync(request, cancellationToken);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                lock (place)
                {
                    place.LastAcknowledged = Math.Max(place.LastAcknowledged, number);
                    place.Acknowledged++;
                }
            }
            else
            {
                Refusals.Add((answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken)));
            }

            return answer.StatusCode;
        }
        catch (HttpRequestException e)
        {
            Refusals.Add((Gone, e.Message));
            return Gone;
        }
    }

    /// <summary>Connections of the healthy portal may have been ended along with the others.</summary>
    private async Task<(long Generation, long Audited, int Number)> ReadAsync(Place place)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ReadOnceAsync(place);
            }
            catch (Exception e) when (attempt < 10 && DatabaseFault.IsUnavailable(e))
            {
                await Task.Delay(Pause, Stop);
            }
        }
    }

    private async Task<(long Generation, long Audited, int Number)> ReadOnceAsync(Place place)
    {
        await using var scope = await _database.ForSystemAsync(Stop);
        var secret = await scope.Db.Secrets.AsNoTracking().SingleAsync(
            s => s.OwnerId == place.Owner.Value && s.Name == "token" && scope.Db.Servers.Any(server => server.Id == s.ServerId && server.Slug == place.Server), Stop);
        var id = secret.Id.ToString();
        var audited = await scope.Db.AuditEntries.LongCountAsync(a => a.SubjectKind == "secret" && a.SubjectId == id, Stop);
        using var value = await _vault.UnprotectAsync(Bindings.Secret(secret), secret.Value, Stop);
        return (secret.Generation, audited, int.Parse(value.Reveal()["write-".Length..], CultureInfo.InvariantCulture));
    }

    private sealed class Place(string key, UserId owner, string server)
    {
        public string Key => key;

        public UserId Owner => owner;

        public string Server => server;

        public string Address { get; set; } = "";

        public long Generation { get; set; }

        public long Audited { get; set; }

        public int FirstSent { get; set; }

        public int Sent { get; set; }

        public int LastAcknowledged { get; set; }

        public int Acknowledged { get; set; }
    }
}
