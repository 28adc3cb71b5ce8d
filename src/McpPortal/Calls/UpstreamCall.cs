using System.Text.Json;
using McpPortal.Data;
using McpPortal.Servers;

namespace McpPortal.Calls;

/// <summary>One call on its way from a front to the worker.</summary>
internal sealed class UpstreamCall(Caller caller, ServerSnapshot server, string tool, ReadOnlyMemory<byte> arguments, CallOptions options, DateTimeOffset startedAt, CancellationToken cancelled)
{
    public CallId Id { get; } = CallId.New();

    public Caller Caller { get; } = caller;

    public ServerSnapshot Server { get; } = server;

    public string Tool { get; } = tool;

    /// <summary>A JSON object as UTF-8, as the caller sent it.</summary>
    public ReadOnlyMemory<byte> Arguments { get; } = arguments;

    public CallOptions Options { get; } = options;

    public DateTimeOffset StartedAt { get; } = startedAt;

    /// <summary>The caller gave up.</summary>
    public CancellationToken Cancelled { get; } = cancelled;

    public TimeSpan Timeout => Options.Timeout is { } wish && wish < Server.Timeout ? wish : Server.Timeout;

    public TaskCompletionSource<CallOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static ReadOnlyMemory<byte> NoArguments { get; } = JsonSerializer.SerializeToUtf8Bytes(new object());
}
