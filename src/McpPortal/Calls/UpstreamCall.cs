using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Data;
using McpPortal.Servers;
using ModelContextProtocol.Protocol;

namespace McpPortal.Calls;

/// <summary>One request on its way from a front to the worker: the call of a tool, or whatever else MCP lets a client ask.</summary>
internal sealed class UpstreamCall(Caller caller, ServerSnapshot server, string tool, ReadOnlyMemory<byte> arguments, CallOptions options, DateTimeOffset startedAt, CancellationToken cancelled)
{
    public CallId Id { get; } = CallId.New();

    public Caller Caller { get; } = caller;

    public ServerSnapshot Server { get; } = server;

    /// <summary>The method of the protocol.</summary>
    public string Method { get; init; } = RequestMethods.ToolsCall;

    /// <summary>Name of the tool; of another request its method.</summary>
    public string Tool { get; } = tool;

    /// <summary>A JSON object as UTF-8, as the caller sent it: a tool's arguments, or of another request all its parameters.</summary>
    public ReadOnlyMemory<byte> Arguments { get; } = arguments;

    public CallOptions Options { get; } = options;

    public DateTimeOffset StartedAt { get; } = startedAt;

    /// <summary>The caller gave up.</summary>
    public CancellationToken Cancelled { get; } = cancelled;

    public TimeSpan Timeout => Options.Timeout is { } wish && wish < Server.Timeout ? wish : Server.Timeout;

    public bool IsTool => Method == RequestMethods.ToolsCall;

    /// <summary>Only what uses a credential for something is kept; not what lists what there is.</summary>
    public bool IsRecorded => IsTool || Method is RequestMethods.ResourcesRead or RequestMethods.PromptsGet;

    /// <summary>Whoever waits goes on where the call ended, on the same thread: there is nothing after it that would have to wait.</summary>
    public TaskCompletionSource<CallOutcome> Done { get; } = new();

    public static ReadOnlyMemory<byte> NoArguments { get; } = JsonSerializer.SerializeToUtf8Bytes(new object());
}
