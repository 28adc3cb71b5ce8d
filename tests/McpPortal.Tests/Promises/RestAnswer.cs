using System.Net;
using System.Text.Json.Nodes;

namespace McpPortal.Tests.Promises;

/// <summary>An answer of the REST interface.</summary>
internal sealed record RestAnswer(HttpStatusCode Status, JsonObject Body)
{
    public bool Succeeded => Status == HttpStatusCode.OK && (string?)Body["outcome"] == "succeeded";

    /// <summary>First text of the tool's result.</summary>
    public string? Text => (string?)Body["result"]?["content"]?[0]?["text"];

    /// <summary>What <c>whoami</c> saw.</summary>
    public string? Sha256 => (string?)Body["result"]?["structuredContent"]?["sha256"];

    /// <summary>Where to go when something has to be connected or confirmed first.</summary>
    public string? ConnectUrl => (string?)Body["connectUrl"];

    public override string ToString() => $"{(int)Status} {Body.ToJsonString()}";
}
