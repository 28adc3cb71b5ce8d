using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Server;

namespace McpPortal.StreamableHttp;

/// <summary>How one MCP endpoint answers: which server a request meets, whose it is, and the limits it must keep.</summary>
public sealed class McpEndpointOptions
{
    /// <summary>
    /// What this request meets; null answers 404. Called once per 2026-07-28 request and once per session of the older
    /// revisions; the message is a feature of the context (<see cref="ModelContextProtocol.Protocol.JsonRpcMessage"/>). A session outlives its first request: handlers take the user from <c>RequestContext.User</c> and
    /// <c>RequestContext.Items</c> of each call and never capture the <see cref="HttpContext"/>.
    /// </summary>
    public required Func<HttpContext, ValueTask<McpServing?>> Serves { get; init; }

    /// <summary>Whose request this is. Sessions belong to this key; any other key finds 404 in their place.</summary>
    public required Func<HttpContext, string> UserKey { get; init; }

    /// <summary>Adds what handlers may need of this request (a bearer token, say) to <c>RequestContext.Items</c>.</summary>
    public Action<HttpContext, IDictionary<string, object?>>? FillItems { get; init; }

    /// <summary>Host and Origin check, answered with 403 when false; see <see cref="OriginRules"/>.</summary>
    public Func<HttpContext, bool> IsAllowedOrigin { get; init; } = OriginRules.SameOrigin;

    /// <summary>
    /// The input schema of a tool, so that its <c>Mcp-Param-*</c> headers can be checked; null when the tool is unknown or has no such
    /// parameters. Without it the tools of <see cref="McpServing.Options"/> are looked at.
    /// </summary>
    public Func<HttpContext, string, ValueTask<System.Text.Json.JsonElement?>>? ToolSchema { get; init; }

    /// <summary>Keeps events for SSE resumption in the older revisions; without it there is none.</summary>
    public ISseEventStreamStore? EventStreamStore { get; init; }

    /// <summary>
    /// Gives the older revisions no session either: every request stands alone, so a new token or a restart interrupts nobody.
    /// For servers that never speak first.
    /// </summary>
    public bool Stateless { get; init; }

    /// <summary>
    /// Cancels a session's request when its caller disconnects, unless an event store could still deliver the answer. The older
    /// revisions advise against it, yet the C# SDK's client cancels a call in no other way.
    /// </summary>
    public bool CancelOnDisconnect { get; init; } = true;

    /// <summary>
    /// Told of each session of the older revisions before its client learns that it has begun. A refusal is the answer instead, and the
    /// session ends.
    /// </summary>
    public Func<HttpContext, McpSessionStart, ValueTask<McpSessionRefusal?>>? SessionBegins { get; init; }

    /// <summary>Whether a session that lives here may be used now; asked with each of its requests, and answered with 404 when false.</summary>
    public Func<HttpContext, string, ValueTask<bool>>? SessionIsOpen { get; init; }

    /// <summary>Runs beside a session's standing stream and is cancelled at its end. Whatever becomes of it, the stream goes on.</summary>
    public Func<HttpContext, string, CancellationToken, Task>? WhileStreaming { get; init; }

    /// <summary>Where sessions of the older revisions live; hand in your own table to list, notify or close them.</summary>
    public McpSessionTable? Sessions { get; init; }

    /// <summary>Largest request body in bytes; 413 beyond.</summary>
    public int MaxRequestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long the whole body of a request may take to arrive; 408 beyond.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a caller may leave a piece of an answer (at most 64 KB) untaken before the connection is closed.</summary>
    public TimeSpan TakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Deepest nesting of a request body; 400 beyond.</summary>
    public int MaxDepth { get; init; } = 64;
}
