using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>What whoever asks wants to hear until the answer comes. Both are called in the order in which the server speaks, and must be quick.</summary>
internal sealed record UpstreamWishes
{
    public static UpstreamWishes None { get; } = new();

    public Action<ProgressNotificationParams>? Progress { get; init; }

    /// <summary>The parameters of <c>notifications/message</c>. An older server does not say to which request they belong, so all that run hear them.</summary>
    public Action<JsonObject>? Log { get; init; }

    /// <summary>The lowest level to log, by its name in the protocol; null asks for none.</summary>
    public string? LogLevel { get; init; }
}
