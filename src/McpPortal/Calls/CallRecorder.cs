using System.Text;
using System.Threading.Channels;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Calls;

/// <summary>
/// Writes the records of calls in groups, at most 200 ms behind. Full, or failing for five seconds, no further calls are accepted; so it
/// does not queue for a connection behind those calls.
/// </summary>
internal sealed partial class CallRecorder(PortalDatabase database, Fingerprints fingerprints, CallsOptions options, TimeProvider time, ILogger<CallRecorder> logger) : BackgroundService
{
    private const int BatchSize = 1000;
    private static readonly TimeSpan Behind = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MayFailFor = TimeSpan.FromSeconds(5);

    private readonly Channel<ToolCall> _records = Channel.CreateUnbounded<ToolCall>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<ToolCall> _batch = new(BatchSize);
    private long _failingSince;
    private int _unwritten;

    /// <summary>A try failed: its commit may have succeeded and only the answer been lost.</summary>
    private bool _mayBeWritten;

    /// <summary>Whether a call made now would be recorded.</summary>
    public bool CanAccept => Volatile.Read(ref _unwritten) < options.MaxUnwrittenRecords
        && (Volatile.Read(ref _failingSince) is var since && (since == 0 || time.GetElapsedTime(since) < MayFailFor));

    /// <summary>Queues the record of a call that has ended. It never blocks and loses nothing: calls are refused before it grows too long.</summary>
    public void Add(UpstreamCall call, CallOutcome outcome, ConnectionId? connection)
    {
        Interlocked.Increment(ref _unwritten);
        _records.Writer.TryWrite(Record(call, outcome, connection));
    }

    /// <summary>Writes what is left. The host stops hosted services in reverse order of their start, so the worker has ended by now.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (ExecuteTask is null or { IsCompleted: true })
        {
            using var last = new CancellationTokenSource(MayFailFor);
            await WriteAllAsync(last.Token);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _records.Reader.WaitToReadAsync(stoppingToken);
                await Task.Delay(Behind / 2, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            await WriteAllAsync(stoppingToken);
        }
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        var batch = _batch;
        while (batch.Count > 0 || _records.Reader.TryPeek(out _))
        {
            while (batch.Count < BatchSize && _records.Reader.TryRead(out var record))
            {
                batch.Add(record);
            }

            try
            {
                await WriteAsync(batch, cancellationToken);
                Interlocked.Add(ref _unwritten, -batch.Count);
                batch.Clear();
                _mayBeWritten = false;
                Volatile.Write(ref _failingSince, 0);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                _mayBeWritten = true;
                return;
            }
            catch (Exception e)
            {
                _mayBeWritten = true;
                Interlocked.CompareExchange(ref _failingSince, time.GetTimestamp(), 0);
                Log.Failed(logger, batch.Count, e.GetType().Name);
                await Task.Delay(TimeSpan.FromMilliseconds(500), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

                // Again, without waiting for a further record: while it fails there may be none.
            }
        }
    }

    private async Task WriteAsync(List<ToolCall> batch, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemApartAsync(cancellationToken);

        var missing = batch;
        if (_mayBeWritten)
        {
            var ids = batch.ConvertAll(record => record.Id);
            var known = await scope.Db.ToolCalls.Where(c => ids.Contains(c.Id)).Select(c => c.Id).ToHashSetAsync(cancellationToken);
            missing = batch.FindAll(record => !known.Contains(record.Id));
        }

        await scope.InsertAsync(missing, cancellationToken);
        await scope.CommitAsync(cancellationToken);
    }

    private ToolCall Record(UpstreamCall call, CallOutcome outcome, ConnectionId? connection) => new()
    {
        Id = call.Id,
        UserId = call.Caller.User,
        ServerId = call.Server.Id,
        ServerSlug = call.Server.Slug,
        Tool = Cut(call.Tool, 256)!,
        Via = call.Caller.Via,
        Client = Cut(call.Caller.Client, 200),
        AccessKeyId = call.Caller.AccessKeyId,
        ServiceKeyId = call.Caller.ServiceKeyId,
        Account = Cut(outcome.Account, 320),
        ConnectionId = connection,
        Result = outcome.Result,

        // A tool's own words may hold anything; only the portal's are kept.
        Sentence = outcome is CallOutcome.ToolFailed ? null : Cut(outcome.Explanation, 500),
        StartedAt = call.StartedAt,
        DurationMs = outcome.Duration.TotalMilliseconds,
        UpstreamMs = outcome.Upstream.TotalMilliseconds,
        RequestBytes = call.Arguments.Length,
        ResponseBytes = outcome.ResponseBytes,
        ArgumentsHash = fingerprints.Of(call.Arguments.Span),
    };

    /// <summary>What a column can hold: one record with a NUL or half a character would be refused by PostgreSQL for ever, and hold up all others.</summary>
    private static string? Cut(string? text, int length) => text is null
        ? null
        : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Length > length ? text[..length] : text)).Replace('\0', '\uFFFD');

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Count} records of calls could not be written ({Reason}); they are kept and tried again.")]
        public static partial void Failed(ILogger logger, int count, string reason);
    }
}
