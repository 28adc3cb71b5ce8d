using System.Collections.Concurrent;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Admin;

/// <summary>
/// Sums the records of all calls up for administrators and auditors. Counts are exact and made in the database; percentiles are of the
/// newest <see cref="SampleSize"/> calls of the period. An answer is shared by all who look, for as long as it is good.
/// </summary>
internal sealed class DashboardQueries(PortalDatabase database, RoleCheck roles, Func<int> liveSessions, TimeProvider time) : IDisposable
{
    public const int SampleSize = 10_000;
    private const int Top = 8;
    private const int MaxServers = 1000;
    private static readonly CallResult[] ReachedServer = [CallResult.Succeeded, CallResult.ToolFailed, CallResult.TimedOut];
    private readonly ConcurrentDictionary<DashboardPeriod, (DateTimeOffset At, Dashboard Answer)> _answers = new();
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    /// <summary>Null: the actor is neither administrator nor auditor.</summary>
    public async Task<Dashboard?> GetAsync(UserId actor, DashboardPeriod period, CancellationToken cancellationToken)
    {
        if (!await roles.HoldsAsync(actor, Roles.Admin | Roles.Auditor, cancellationToken))
        {
            return null;
        }

        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            if (_answers.TryGetValue(period, out var known) && now - known.At < period.GoodFor())
            {
                return known.Answer with { LiveSessions = liveSessions() };
            }

            var answer = await LoadAsync(period, now, cancellationToken);
            _answers[period] = (now, answer);
            return answer;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task<Dashboard> LoadAsync(DashboardPeriod period, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var from = now - period.Length();
        var before = from - period.Length();
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var calls = scope.Db.ToolCalls.AsNoTracking().Where(c => c.StartedAt >= from);
        var servers = await calls.GroupBy(c => new { c.ServerId, c.ServerSlug })
            .Select(g => new { g.Key.ServerId, g.Key.ServerSlug, Calls = g.LongCount(), Errors = g.LongCount(c => c.Result != CallResult.Succeeded && c.Result != CallResult.Cancelled) })
            .OrderByDescending(g => g.Calls).Take(MaxServers).ToListAsync(cancellationToken);
        var people = await calls.GroupBy(c => c.UserId)
            .Select(g => new { User = g.Key, Calls = g.LongCount(), Errors = g.LongCount(c => c.Result != CallResult.Succeeded && c.Result != CallResult.Cancelled) })
            .OrderByDescending(g => g.Calls).Take(Top).ToListAsync(cancellationToken);
        var ids = people.ConvertAll(p => p.User);
        var names = await scope.Db.Users.Where(u => ids.Contains(u.Id)).ToDictionaryAsync(u => u.Id, u => u.DisplayName, cancellationToken);
        var sample = await calls.Where(c => ReachedServer.Contains(c.Result)).OrderByDescending(c => c.StartedAt).Take(SampleSize)
            .Select(c => new { c.ServerId, c.DurationMs }).ToListAsync(cancellationToken);
        var slow = sample.GroupBy(c => c.ServerId, c => c.DurationMs).ToDictionary(g => g.Key, g => Percentile([.. g.Order()], .95));
        var all = sample.ConvertAll(c => c.DurationMs);
        all.Sort();
        var points = await PointsAsync(scope, period, from, now, cancellationToken);
        var earlier = scope.Db.ToolCalls.Where(c => c.StartedAt >= before && c.StartedAt < from);
        List<ServerLoad> loads = [.. servers.Select(s => new ServerLoad(s.ServerId, s.ServerSlug, s.Calls, s.Errors, slow.TryGetValue(s.ServerId, out var p95) ? p95 : null))];
        return new Dashboard
        {
            Period = period,
            Calls = await calls.LongCountAsync(cancellationToken),
            Errors = await calls.LongCountAsync(c => c.Result != CallResult.Succeeded && c.Result != CallResult.Cancelled, cancellationToken),
            CallsBefore = await earlier.LongCountAsync(cancellationToken),
            ErrorsBefore = await earlier.LongCountAsync(c => c.Result != CallResult.Succeeded && c.Result != CallResult.Cancelled, cancellationToken),
            Latency = all.Count == 0 ? null : new Latency(Percentile(all, .5), Percentile(all, .95), all.Count),
            People = await calls.Select(c => c.UserId).Distinct().CountAsync(cancellationToken),
            LiveSessions = liveSessions(),
            NeedPerson = await scope.Db.Connections.CountAsync(c => c.Status == ConnectionStatus.ReauthRequired, cancellationToken),
            Points = points,
            Slowest = [.. loads.Where(s => s.P95 is not null).OrderByDescending(s => s.P95).Take(Top)],
            Failing = [.. loads.Where(s => s.Errors > 0).OrderByDescending(s => s.Errors).Take(Top)],
            Heaviest = [.. people.Select(p => new PersonLoad(p.User, names.GetValueOrDefault(p.User, "Somebody who is gone"), p.Calls, p.Errors))],
        };
    }

    /// <summary>Every step of the period, those without calls too.</summary>
    private static async Task<IReadOnlyList<DashboardPoint>> PointsAsync(SystemScope scope, DashboardPeriod period, DateTimeOffset from, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var seconds = period.StepSeconds();
        var (good, given) = ((int)CallResult.Succeeded, (int)CallResult.Cancelled);

        // LINQ cannot cut time into steps on both databases; the number of the step is all that differs.
        var steps = scope.Db.Database.IsNpgsql()
            ? scope.Db.Database.SqlQuery<Step>($"""
                select step as "Number", cast(count(*) as bigint) as "Calls", cast(sum(case when result in ({good}, {given}) then 0 else 1 end) as bigint) as "Errors"
                from (select cast(floor(extract(epoch from started_at) / {seconds}) as bigint) as step, result from tool_calls where started_at >= {from}) as cut
                group by step
                """)
            : scope.Db.Database.SqlQuery<Step>($"""
                select step as "Number", cast(count(*) as bigint) as "Calls", cast(sum(case when result in ({good}, {given}) then 0 else 1 end) as bigint) as "Errors"
                from (select datediff_big(second, '1970-01-01T00:00:00Z', started_at) / {seconds} as step, result from tool_calls where started_at >= {from}) as cut
                group by step
                """);
        var known = await steps.ToDictionaryAsync(step => step.Number, cancellationToken);
        List<DashboardPoint> points = [];
        for (var number = (from.ToUnixTimeSeconds() / seconds) + 1; number <= now.ToUnixTimeSeconds() / seconds; number++)
        {
            var step = known.GetValueOrDefault(number);
            points.Add(new DashboardPoint(DateTimeOffset.FromUnixTimeSeconds(number * seconds).UtcDateTime, step?.Calls ?? 0, step?.Errors ?? 0));
        }

        return points;
    }

    /// <summary>Nearest rank in sorted milliseconds.</summary>
    private static TimeSpan Percentile(List<double> sorted, double share) =>
        TimeSpan.FromMilliseconds(sorted[Math.Clamp((int)Math.Ceiling(sorted.Count * share) - 1, 0, sorted.Count - 1)]);

    private sealed class Step
    {
        public long Number { get; init; }

        public long Calls { get; init; }

        public long Errors { get; init; }
    }
}
