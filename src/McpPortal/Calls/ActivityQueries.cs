using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Calls;

/// <summary>Reads the records of one user's calls, newest first.</summary>
internal sealed class ActivityQueries(PortalDatabase database)
{
    private const int LookedAtForServers = 5000;

    /// <summary>Up to <paramref name="count"/> calls that come after <paramref name="shown"/>, the ones shown already; from the newest on when there are none.</summary>
    public async Task<IReadOnlyList<ActivityRow>> ListAsync(UserId user, ActivityFilter filter, IReadOnlyList<ActivityRow> shown, int count, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var calls = Filter(scope.Db.ToolCalls.AsNoTracking().Where(c => c.UserId == user), filter);
        if (shown is [.., var last])
        {
            // Many calls may begin at one moment: those of it that are shown are left out by their ids.
            var at = last.StartedAt;
            var same = shown.Where(row => row.StartedAt == at).Select(row => row.Id).ToList();
            calls = calls.Where(c => c.StartedAt <= at && !same.Contains(c.Id));
        }

        return await calls.OrderByDescending(c => c.StartedAt).ThenByDescending(c => c.Id).Take(count)
            .Select(c => new ActivityRow
            {
                Id = c.Id,
                StartedAt = c.StartedAt,
                Via = c.Via,
                Client = c.Client,
                IsActing = c.ServiceKeyId != null,
                Server = c.ServerSlug,
                Tool = c.Tool,
                Account = c.Account,
                Result = c.Result,
                Sentence = c.Sentence,
                DurationMs = c.DurationMs,
                UpstreamMs = c.UpstreamMs,
                RequestBytes = c.RequestBytes,
                ResponseBytes = c.ResponseBytes,
            })
            .ToListAsync(cancellationToken);
    }

    /// <summary>Short names of the servers of the user's newest calls, those that are gone since included.</summary>
    public async Task<IReadOnlyList<string>> ServersAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var slugs = await scope.Db.ToolCalls.Where(c => c.UserId == user)
            .OrderByDescending(c => c.StartedAt).Take(LookedAtForServers)
            .Select(c => c.ServerSlug).Distinct().ToListAsync(cancellationToken);
        return [.. slugs.Order(StringComparer.Ordinal)];
    }

    private static IQueryable<ToolCall> Filter(IQueryable<ToolCall> calls, ActivityFilter filter)
    {
        // No text of PostgreSQL holds a null character, so no record does; asking for one is an error there.
        if (Unknown(filter.Server) || Unknown(filter.Text))
        {
            return calls.Where(c => false);
        }

        if (filter.Server is { } server)
        {
            calls = calls.Where(c => c.ServerSlug == server);
        }

        if (filter.Result is { } result)
        {
            calls = calls.Where(c => c.Result == result);
        }

        if (filter.Since is { } since)
        {
            calls = calls.Where(c => c.StartedAt >= since);
        }

#pragma warning disable CA1304, CA1311, CA1862, MA0011 // translated to the database's lower()
        foreach (var word in (filter.Text ?? "").ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(8))
        {
            calls = calls.Where(c => c.Tool.ToLower().Contains(word) || c.ServerSlug.ToLower().Contains(word)
                || (c.Account != null && c.Account.ToLower().Contains(word)) || (c.Client != null && c.Client.ToLower().Contains(word)));
        }
#pragma warning restore CA1304, CA1311, CA1862, MA0011
        return calls;

        static bool Unknown(string? text) => text?.Contains('\0', StringComparison.Ordinal) == true;
    }
}
