using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.OAuth;

/// <summary>Writes when clients last used what they were granted, every few seconds instead of on each request.</summary>
internal sealed partial class ClientGrantUses(PortalDatabase database, TimeProvider time, ILogger<ClientGrantUses> logger) : RepeatedWork(TimeSpan.FromSeconds(5), time)
{
    private readonly TimeProvider _time = time;
    private readonly LastUses<ClientGrantId, DateTimeOffset> _uses = new();

    public void Note(ClientGrantId grant) => _uses.Note(grant, _time.GetUtcNow());

    internal Task WriteAsync(CancellationToken cancellationToken) => _uses.WriteAsync(async batch =>
    {
        ClientGrantId[] ids = [.. batch.Select(entry => entry.Key)];
        var at = batch.Max(entry => entry.Value);
        await using var scope = await database.ForSystemAsync(cancellationToken);
        await scope.Db.ClientGrants.Where(g => ids.Contains(g.Id)).ExecuteUpdateAsync(set => set.SetProperty(g => g.LastUsedAt, at), cancellationToken);
        await scope.CommitAsync(cancellationToken);
    });

    protected override Task WorkAsync(CancellationToken cancellationToken) => WriteAsync(cancellationToken);

    protected override void Tell(Exception fault) => Log.Failed(logger, fault.GetType().Name);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The last use of grants could not be written ({Reason}).")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
