using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>
/// The stream the transport writes events to. Once an error has been answered as JSON it swallows the event that the transport
/// would still write after it. It hangs up on a caller that does not take what it asked for: the server's own limit is a rate, at which a
/// long answer would be held for hours.
/// </summary>
internal sealed class ResponseBody(HttpContext context, TimeSpan takeTimeout) : Stream
{
    private const int Piece = 64 * 1024;
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

    /// <summary>Answers an error with its own HTTP status, as the 2026-07-28 revision asks for some of them.</summary>
    public async ValueTask AnswerErrorAsync(JsonRpcMessage? first)
    {
        if (first is not JsonRpcError error || StatusOf(error.Error.Code) is not { } status)
        {
            return;
        }

        _answered = true;
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsJsonAsync(error, McpJsonUtilities.DefaultOptions, "application/json", context.RequestAborted);
    }

    /// <summary>Answers with this error instead of what the transport is about to write.</summary>
    public Task AnswerAsync(McpFault fault, RequestId id)
    {
        _answered = true;
        return FaultWriter.WriteAsync(context, fault, id);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_answered)
        {
            return ValueTask.CompletedTask;
        }

        if (buffer.Length > Piece)
        {
            return WritePiecesAsync(buffer, cancellationToken);
        }

        var writing = context.Response.Body.WriteAsync(buffer, cancellationToken);
        return writing.IsCompleted ? writing : new ValueTask(UntilTakenAsync(writing.AsTask()));
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_answered)
        {
            return Task.CompletedTask;
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
