using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>What whoever asks wants to hear until the answer comes. The first two are called in the order in which the server speaks, and must be quick.</summary>
internal sealed record UpstreamWishes
{
    public static UpstreamWishes None { get; } = new();

    public Action<ProgressNotificationParams>? Progress { get; init; }

    /// <summary>The parameters of <c>notifications/message</c>. An older server does not say to which request they belong, so all that run hear them.</summary>
    public Action<JsonObject>? Log { get; init; }

    /// <summary>
    /// Puts a question of an older server (<c>elicitation/create</c> and its like) to whoever asks and brings the answer: method and parameters
    /// as the server said them. Null: nobody is there to be asked.
    /// </summary>
    public Func<string, JsonNode?, Task<UpstreamAnswer>>? Ask { get; init; }

    /// <summary>What whoever asks can do, as in <c>initialize</c>.</summary>
    public JsonObject? Capabilities { get; init; }

    /// <summary>The lowest level to log, by its name in the protocol; null asks for none.</summary>
    public string? LogLevel { get; init; }

    /// <summary>Whether this question is one that whoever asks said they can answer.</summary>
    public bool CanAnswer(string method, JsonNode? parameters) => Ask is not null && CanAnswer(Capabilities, method, parameters);

    /// <summary>The same of any client, by what it says it can do. The server chooses method and parameters, so they may be anything.</summary>
    public static bool CanAnswer(JsonObject? capabilities, string? method, JsonNode? parameters) => method switch
    {
        RequestMethods.ElicitationCreate => capabilities?["elicitation"] is JsonObject ways && (!SendsElsewhere(parameters) || ways["url"] is not null),
        RequestMethods.SamplingCreateMessage => capabilities?["sampling"] is not null,
        RequestMethods.RootsList => capabilities?["roots"] is not null,
        _ => false,
    };

    /// <summary>An elicitation that leads its reader to an address instead of asking for words.</summary>
    public static bool SendsElsewhere(JsonNode? parameters) => (parameters as JsonObject)?["mode"] is JsonValue mode && mode.TryGetValue<string>(out var text) && text == "url";
}
