using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol.Protocol;

namespace McpPortal.EmailServer;

/// <summary>A tool's result twice: structured for programs, as text for people; or the sentence that says why there is none.</summary>
internal static class ToolAnswer
{
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    public static async Task<CallToolResult> OfAsync<T>(Func<Task<T>> work, Func<T, string> text)
    {
        try
        {
            var value = await work();
            return new()
            {
                Content = [new TextContentBlock { Text = text(value) }],
                StructuredContent = JsonSerializer.SerializeToElement(value, Json),
            };
        }
        catch (EmailProblemException problem)
        {
            return new() { IsError = true, Content = [new TextContentBlock { Text = problem.Sentence }] };
        }
    }
}
