using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>The resources, and the answer for those that there are not.</summary>
internal static class FixtureResources
{
    /// <summary>From this revision on a missing resource is an invalid parameter.</summary>
    private const string Newer = "2026-07-28";

    public static IEnumerable<McpServerResource> All { get; } =
    [
        Text("test://static-text", "A text that never changes", "This is the content of the static text resource."),
        Text("test://example-resource", "What a prompt embeds", "This is an example."),
        Text("test://watched-resource", "A text that can be subscribed to", "This is the content of the watched resource."),
        McpServerResource.Create(
            () => (ResourceContents)BlobResourceContents.FromBytes(Samples.Png, "test://static-binary", "image/png"),
            new() { UriTemplate = "test://static-binary", Name = "static-binary", Description = "A picture", MimeType = "image/png" }),
        McpServerResource.Create(
            (string id) => $$"""{"id":"{{id}}","templateTest":true,"data":"Data for ID: {{id}}"}""",
            new() { UriTemplate = "test://template/{id}/data", Name = "template", Description = "Data of an id", MimeType = "application/json" }),
    ];

    public static ValueTask<ReadResourceResult> MissingAsync(RequestContext<ReadResourceRequestParams> request, CancellationToken cancellationToken)
    {
        var code = string.CompareOrdinal(request.Server.NegotiatedProtocolVersion, Newer) >= 0 ? McpErrorCode.InvalidParams : McpErrorCode.ResourceNotFound;
        throw new McpProtocolException("There is no such resource.", code) { Data = { ["uri"] = request.Params?.Uri } };
    }

    private static McpServerResource Text(string uri, string description, string text) =>
        McpServerResource.Create(() => text, new() { UriTemplate = uri, Name = new Uri(uri).Host, Description = description, MimeType = "text/plain" });
}
