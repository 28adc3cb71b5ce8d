using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>
/// The stream the transport writes events to. Once an error has been answered as JSON it swallows the event that the transport
/// would still write after it.
/// </summary>
internal sealed class ResponseBody(HttpContext context) : Stream
{
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

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _answered ? ValueTask.CompletedTask : context.Response.Body.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        _answered ? Task.CompletedTask : context.Response.Body.FlushAsync(cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static int? StatusOf(int code) => (McpErrorCode)code switch
    {
        McpErrorCode.MethodNotFound => 404,
        McpErrorCode.HeaderMismatch or McpErrorCode.MissingRequiredClientCapability or McpErrorCode.UnsupportedProtocolVersion => 400,
        _ => null,
    };
}
