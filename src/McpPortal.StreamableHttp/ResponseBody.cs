using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>
/// The stream the transport writes events to. Once an error has been answered with a status of its own it swallows the event that the
/// transport would still write after it. It hangs up on a caller that does not take what it asked for: the server's own limit is a rate, at
/// which a long answer would be held for hours.
/// </summary>
/// <param name="context">The request.</param>
/// <param name="takeTimeout">How long the caller may leave a piece untaken.</param>
/// <param name="alone">
/// An answer that comes soon, and before which nothing else is said, leaves as plain JSON in one piece with its headers; null where each must be
/// an event, because one that is lost can be asked for again by its number.
/// </param>
internal sealed class ResponseBody(HttpContext context, TimeSpan takeTimeout, TimeProvider? alone = null) : Stream
{
    private const int Piece = 64 * 1024;

    /// <summary>So long the headers wait for the answer: clients give up on a response that does not begin.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private ITimer? _late;
    private Task? _announcing;
    private bool _begun;
    private bool _answered;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Announces an event stream; nothing is sent before the first event.</summary>
    public void AnnounceEvents()
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache,no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
    }

    /// <summary>Answers an error with its own HTTP status, as the 2026-07-28 revision asks for some of them, unless the response has begun.</summary>
    public async ValueTask AnswerErrorAsync(JsonRpcMessage? first)
    {
        if (first is not JsonRpcError error || StatusOf(error.Error.Code) is not { } status || !Begin(out _))
        {
            return;
        }

        _answered = true;
        context.Response.StatusCode = status;
        context.Response.ContentType = MediaTypeNames.Application.Json;
        await context.Response.WriteAsJsonAsync(error, McpJsonUtilities.DefaultOptions, MediaTypeNames.Application.Json, context.RequestAborted);
    }

    /// <summary>Answers with this error instead of what the transport is about to write.</summary>
    public Task AnswerAsync(McpFault fault, RequestId id)
    {
        Begin(out _);
        _answered = true;
        return FaultWriter.WriteAsync(context, fault, id);
    }

    /// <summary>Writes a message before the answer.</summary>
    public ValueTask WriteEventAsync(ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        if (_answered)
        {
            return ValueTask.CompletedTask;
        }

        Begin(out var announcing);
        return WriteAsync(announcing, SseData.Event(json.Span), cancellationToken);
    }

    /// <summary>Writes the answer: alone as it is, and after other messages as one of them.</summary>
    public ValueTask WriteAnswerAsync(ReadOnlyMemory<byte> json, CancellationToken cancellationToken) =>
        _answered ? ValueTask.CompletedTask
        : Begin(out var announcing) && alone is not null ? WriteAloneAsync(json, cancellationToken)
        : WriteAsync(announcing, SseData.Event(json.Span), cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _answered ? ValueTask.CompletedTask
        : Begin(out var announcing) && alone is not null && SseData.TryGetAnswer(buffer, out var answer) ? WriteAloneAsync(answer, cancellationToken)
        : WriteAsync(announcing, buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_answered)
        {
            return Task.CompletedTask;
        }

        lock (_gate)
        {
            if (alone is not null && !_begun)
            {
                _late ??= alone.CreateTimer(static body => ((ResponseBody)body!).Announce(), this, Soon, Timeout.InfiniteTimeSpan);
                return Task.CompletedTask;
            }
        }

        var flushing = context.Response.Body.FlushAsync(cancellationToken);
        return flushing.IsCompleted ? flushing : UntilTakenAsync(flushing);
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (Begin(out var announcing) && _late is not null)
        {
            // The message was taken and will not be answered: an empty stream says so. A status would say that it was not taken.
            announcing = context.Response.Body.FlushAsync(context.RequestAborted);
        }

        await (announcing is null ? Task.CompletedTask : UntilTakenAsync(announcing)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.DisposeAsync();
    }

    /// <summary>Whether this is the beginning of the response.</summary>
    private bool Begin(out Task? announcing)
    {
        lock (_gate)
        {
            var first = !_begun;
            _begun = true;
            _late?.Dispose();
            announcing = _announcing;
            return first;
        }
    }

    /// <summary>Sends the headers of an event stream without waiting any longer for what will be in it.</summary>
    private void Announce()
    {
        lock (_gate)
        {
            if (!_begun)
            {
                _begun = true;
                _announcing = context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
    }

    private ValueTask WriteAloneAsync(ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        _answered = true;
        context.Response.ContentType = MediaTypeNames.Application.Json;
        context.Response.ContentLength = json.Length;
        return WriteNowAsync(json, cancellationToken);
    }

    private ValueTask WriteAsync(Task? announcing, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        announcing is { IsCompleted: false } ? WriteAfterAsync(announcing, buffer, cancellationToken) : WriteNowAsync(buffer, cancellationToken);

    private async ValueTask WriteAfterAsync(Task announcing, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await UntilTakenAsync(announcing);
        await WriteNowAsync(buffer, cancellationToken);
    }

    private ValueTask WriteNowAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.Length > Piece)
        {
            return WritePiecesAsync(buffer, cancellationToken);
        }

        var writing = context.Response.Body.WriteAsync(buffer, cancellationToken);
        return writing.IsCompleted ? writing : new ValueTask(UntilTakenAsync(writing.AsTask()));
    }

    private async ValueTask WritePiecesAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        for (; buffer.Length > 0; buffer = buffer[Math.Min(Piece, buffer.Length)..])
        {
            await UntilTakenAsync(context.Response.Body.WriteAsync(buffer[..Math.Min(Piece, buffer.Length)], cancellationToken).AsTask());
        }
    }

    private async Task UntilTakenAsync(Task writing)
    {
        try
        {
            await writing.WaitAsync(takeTimeout);
        }
        catch (TimeoutException e)
        {
            context.Abort();
            throw new OperationCanceledException("The caller does not take its answer.", e, context.RequestAborted);
        }
    }

    private static int? StatusOf(int code) => (McpErrorCode)code switch
    {
        McpErrorCode.MethodNotFound => 404,
        McpErrorCode.HeaderMismatch or McpErrorCode.MissingRequiredClientCapability or McpErrorCode.UnsupportedProtocolVersion => 400,
        _ => null,
    };
}
