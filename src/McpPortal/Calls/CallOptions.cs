using System.Text.Json.Nodes;
using McpPortal.Sessions;

namespace McpPortal.Calls;

/// <summary>Wishes of the caller for one call.</summary>
internal sealed record CallOptions
{
    public static CallOptions Default { get; } = new();

    /// <summary>Shorter than the server's own limit; longer ones are cut to it.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Called for each notification in its turn; must be quick.</summary>
    public Action<CallProgress>? Progress { get; init; }

    /// <summary>The same for what the server logs meanwhile: the parameters of <c>notifications/message</c>.</summary>
    public Action<JsonObject>? Log { get; init; }

    /// <summary>The lowest level to log, by its name in the protocol.</summary>
    public string? LogLevel { get; init; }

    /// <summary>What the caller's client can do, as in <c>initialize</c>.</summary>
    public JsonObject? Capabilities { get; init; }

    /// <summary>Puts a question that an older server asks in between to the caller; see <see cref="Sessions.UpstreamWishes.Ask"/>.</summary>
    public Func<string, JsonNode?, Task<UpstreamAnswer>>? Ask { get; init; }

    /// <summary>What an MCP client sent: beside a tool's name and arguments, metadata and answers to a server's question. It is not changed.</summary>
    public JsonObject? Envelope { get; init; }

    /// <summary>The caller can be asked: a result that is a question (<c>input_required</c>) is one to them.</summary>
    public bool CanBeAsked { get; init; }
}
