using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients;

/// <summary>Writes when and from where keys were last used, every few seconds instead of on each request.</summary>
internal sealed partial class AccessKeyUses(PortalDatabase database, TimeProvider time, ILogger<AccessKeyUses> logger) : RepeatedWork(TimeSpan.FromSeconds(5), time)
{
    private readonly TimeProvider _time = time;
    private readonly LastUses<string, (DateTimeOffset At, string? From)> _uses = new(StringComparer.Ordinal);

    public void Note(string keyId, string? from) => _uses.Note(keyId, (_time.GetUtcNow(), from));

    internal Task WriteAsync(CancellationToken cancellationToken) => _uses.WriteAsync(async batch =>
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        foreach (var place in batch.GroupBy(entry => entry.Value.From, StringComparer.Ordinal))
        {
            string[] ids = [.. place.Select(entry => entry.Key)];
            var at = place.Max(entry => entry.Value.At);
            await scope.Db.AccessKeys.Where(k => ids.Contains(k.Id))
                .ExecuteUpdateAsync(set => set.SetProperty(k => k.LastUsedAt, at).SetProperty(k => k.LastUsedFrom, place.Key), cancellationToken);
        }

        await scope.CommitAsync(cancellationToken);
    });

    protected override Task WorkAsync(CancellationToken cancellationToken) => WriteAsync(cancellationToken);

    protected override void Tell(Exception fault) => Log.Failed(logger, fault.GetType().Name);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The last use of access keys could not be written ({Reason}).")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
