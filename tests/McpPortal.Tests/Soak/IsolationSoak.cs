using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using McpPortal.Audit;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Sandbox.Faults;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Soak;

/// <summary>ISO-1 at full size. Runs only when asked for: <c>infra/soak</c>.</summary>
[Collection(WholeProcesses.Name)]
public sealed class IsolationSoak(PortalPair portals)
{
    private static readonly int Users = SoakSize.Named("USERS", 500);
    private static readonly int Concurrent = SoakSize.Named("CONCURRENT", 20);
    private static readonly long Calls = SoakSize.Named("CALLS", 1_000_000);
    private readonly ConcurrentDictionary<string, long> _others = new(StringComparer.Ordinal);
    private long _unanswered;
    private long _right;
    private long _wrong;
    private volatile ServingPortal _first = portals.One;
    private volatile ServingPortal _second = portals.Two;
    private volatile Task _restarted = Task.CompletedTask;

    private long Answered => Interlocked.Read(ref _right) + Interlocked.Read(ref _wrong);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task ISO_1_Everybody_sees_their_own_while_tokens_refresh_people_leave_and_a_portal_dies()
    {
        await portals.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true, GraceSeconds = 0 });
        var added = new ConcurrentQueue<Load>();
        await Parallel.ForAsync(1, Users + 1, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Stop }, async (i, _) => added.Enqueue(await AddAsync(string.Create(CultureInfo.InvariantCulture, $"test-{i:000}"))));
        var people = added.ToList();

        // Everybody's first call opens their sessions; from then on all call at once.
        foreach (var portal in portals.Both)
        {
            await Parallel.ForEachAsync(people, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Stop }, async (who, _) =>
            {
                await CallAsync(who, portal, github: false);
                await CallAsync(who, portal, github: true);
            });
        }

        _right = 0;
        _others.Clear();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var began = DateTime.UtcNow;
        var disturbances = new[] { ExpireAsync(people, ended.Token), LeaveAsync(people, ended.Token), KillAsync(ended.Token) };
        await Task.WhenAll(people.SelectMany(who => Enumerable.Range(0, Concurrent).Select(n => CallInTurnAsync(who, n))));
        await ended.CancelAsync();
        var counts = await Task.WhenAll(disturbances);
        await _second.DisposeAsync();
        var minutes = (DateTime.UtcNow - began).TotalMinutes;

        var figure = string.Create(
            CultureInfo.InvariantCulture,
            $"{Answered:N0} answered calls of {Users} users × {Concurrent} at once over two processes in {minutes:0.0} min: {_wrong} wrong; {counts[0]} tokens expired, {counts[1]} disconnects, {counts[2]} kill -9; not answered and made again: {string.Join(", ", _others.OrderByDescending(o => o.Value).Select(o => $"{o.Key} {o.Value}"))}");
        SoakSize.Report("ISO-1", figure);
        TestContext.Current.SendDiagnosticMessage(figure);
        Assert.Equal(0, _wrong);
        Assert.True(Answered >= Calls, figure);
    }

    private async Task<Load> AddAsync(string name)
    {
        var person = await portals.AddAsync(name);
        var secret = $"fake-credential-{Guid.NewGuid():n}";
        await portals.SetSecretAsync(person, "whoami", "token", secret);
        var account = $"{name}-dev";
        return new Load(person, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret))), account)
        {
            Connection = await portals.ConnectAsync(person, "github", "github", account),
        };
    }

    private async Task CallInTurnAsync(Load who, int worker)
    {
        // Only answers can be wrong, so only they count.
        for (var n = worker; Answered < Calls && Interlocked.Read(ref _unanswered) < Calls; n++)
        {
            try
            {
                if (!await CallAsync(who, n % 2 == 0 ? _first : _second, github: n % 5 == 4))
                {
                    Interlocked.Increment(ref _unanswered);
                    await Task.Delay(Random.Shared.Next(1000), Stop);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or System.Text.Json.JsonException)
            {
                // The portal that was killed: nobody answered.
                Count("connection lost");
                await _restarted;
                await Task.Delay(100, Stop);
            }
        }
    }

    /// <summary>Whether there was an answer; whose it was is counted.</summary>
    private async Task<bool> CallAsync(Load who, ServingPortal portal, bool github)
    {
        var answer = await portal.CallAsync(who.Person.Key, github ? "github" : "whoami", github ? "get_me" : "whoami", cancellationToken: Stop);
        if (!answer.Succeeded)
        {
            Count($"{(int)answer.Status} {answer.Body["detail"] ?? answer.Body["error"] ?? answer.Body["title"]}");
            return false;
        }

        var own = github ? answer.Text!.Contains($"\"{who.Account}\"", StringComparison.Ordinal) : answer.Sha256 == who.Hash;
        Interlocked.Increment(ref own ? ref _right : ref _wrong);
        return true;
    }

    /// <summary>The provider ends tokens before their time: the next call has to renew.</summary>
    private async Task<int> ExpireAsync(List<Load> people, CancellationToken stop)
    {
        // The portal renews a refused token at most once a minute, so nobody's is ended more often than that.
        var pause = TimeSpan.FromSeconds(Math.Max(0.5, 65.0 / people.Count));
        var count = 0;
        for (; await WaitAsync(pause, stop); count++)
        {
            using var answer = await portals.Sandbox.Browser.PostAsJsonAsync("/sandbox/expire", new ExpireRequest("github", people[count % people.Count].Account), Stop);
            answer.EnsureSuccessStatusCode();
        }

        return count;
    }

    /// <summary>People disconnect under load and connect again.</summary>
    private async Task<int> LeaveAsync(List<Load> people, CancellationToken stop)
    {
        var count = 0;
        while (await WaitAsync(TimeSpan.FromSeconds(1), stop))
        {
            var who = people[RandomNumberGenerator.GetInt32(people.Count)];
            try
            {
                await portals.Services.Get<MyConnections>().DisconnectAsync(who.Person.Id, who.Connection, Actor.Page(who.Person.Id), Stop);
                who.Connection = await portals.ConnectAsync(who.Person, "github", "github", who.Account);
                count++;
            }
            catch (Exception e) when (DatabaseFault.IsUnavailable(e))
            {
                // Like everybody else they are told that the database is busy; whoever is left disconnected is told to connect.
                Count("disconnects that a busy database refused");
            }
        }

        return count;
    }

    private async Task<int> KillAsync(CancellationToken stop)
    {
        while (Answered < Calls / 2)
        {
            if (!await WaitAsync(TimeSpan.FromMilliseconds(200), stop))
            {
                return 0;
            }
        }

        var restarted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _restarted = restarted.Task;
        await _second.KillAsync();
        try
        {
            _second = await portals.RestartAsync(_second);
            return 1;
        }
        finally
        {
            restarted.SetResult();
        }
    }

    private static async Task<bool> WaitAsync(TimeSpan time, CancellationToken stop)
    {
        await Task.Delay(time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !stop.IsCancellationRequested;
    }

    private void Count(string what) => _others.AddOrUpdate(what, 1, (_, count) => count + 1);

    private sealed record Load(Person Person, string Hash, string Account)
    {
        public ConnectionId Connection { get; set; }
    }
}
