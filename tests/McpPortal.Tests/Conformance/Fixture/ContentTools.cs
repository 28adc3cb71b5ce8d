using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>Tools that answer with each kind of content.</summary>
internal static class ContentTools
{
    public static IEnumerable<McpServerTool> All { get; } =
    [
        new FixtureTool("test_simple_text", "Answers with text", _ => FixtureTool.Text("This is a simple text response for testing.")),
        new FixtureTool("test_image_content", "Answers with a picture", _ => FixtureTool.Content(Image)),
        new FixtureTool("test_audio_content", "Answers with a sound", _ => FixtureTool.Content(AudioContentBlock.FromBytes(Samples.Wav, "audio/wav"))),
        new FixtureTool("test_embedded_resource", "Answers with a resource", _ => FixtureTool.Content(
            Resource("test://embedded-resource", "text/plain", "This is an embedded resource content."))),
        new FixtureTool("test_multiple_content_types", "Answers with text, a picture and a resource", _ => FixtureTool.Content(
            new TextContentBlock { Text = "Multiple content types test:" },
            Image,
            Resource("test://mixed-content-resource", "application/json", """{"test":"data","value":123}"""))),
        new FixtureTool("test_error_handling", "Always fails", Fail),
    ];

    private static ImageContentBlock Image => ImageContentBlock.FromBytes(Samples.Png, "image/png");

    private static CallToolResult Fail(RequestContext<CallToolRequestParams> request) => throw new McpException("This tool intentionally returns an error for testing");

    private static EmbeddedResourceBlock Resource(string uri, string type, string text) =>
        new() { Resource = new TextResourceContents { Uri = uri, MimeType = type, Text = text } };
}
