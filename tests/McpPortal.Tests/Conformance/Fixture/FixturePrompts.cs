using System.ComponentModel;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>The prompts, and the completion of their arguments.</summary>
internal static class FixturePrompts
{
    private static readonly string[] Words = ["paris", "park", "party", "test", "testing"];

    public static IEnumerable<McpServerPrompt> All { get; } =
    [
        McpServerPrompt.Create(() => "This is a simple prompt for testing.", new() { Name = "test_simple_prompt", Description = "A prompt without arguments" }),
        McpServerPrompt.Create(
            ([Description("First test argument")] string arg1, [Description("Second test argument")] string arg2) => $"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'",
            new() { Name = "test_prompt_with_arguments", Description = "A prompt with two arguments" }),
        McpServerPrompt.Create(Embedding, new() { Name = "test_prompt_with_embedded_resource", Description = "A prompt that carries a resource" }),
        McpServerPrompt.Create(
            () => new[] { Say(ImageContentBlock.FromBytes(Samples.Png, "image/png")), Say("Please analyze the image above.") },
            new() { Name = "test_prompt_with_image", Description = "A prompt that carries a picture" }),
        McpServerPrompt.Create(Asking, new() { Name = "test_input_required_result_prompt", Description = "A prompt that asks the person first" }),
    ];

    public static ValueTask<CompleteResult> CompleteAsync(RequestContext<CompleteRequestParams> request, CancellationToken cancellationToken)
    {
        var values = Words.Where(word => word.StartsWith(request.Params!.Argument.Value, StringComparison.Ordinal)).ToArray();
        return ValueTask.FromResult(new CompleteResult { Completion = new Completion { Values = values, Total = values.Length, HasMore = false } });
    }

    private static PromptMessage[] Embedding([Description("Which resource")] string resourceUri) =>
    [
        Say(new EmbeddedResourceBlock { Resource = new TextResourceContents { Uri = resourceUri, MimeType = "text/plain", Text = "Embedded resource content for testing." } }),
        Say("Please process the embedded resource above."),
    ];

    private static string Asking(RequestContext<GetPromptRequestParams> request) =>
        Answers.Form(request.Params, "user_context") is { } form
            ? $"Think of {Answers.Field(form, "context")}."
            : throw Inputs.Ask("user_context", Inputs.Form("What context should the prompt use?", """{"context":{"type":"string"}}""", "context"));

    private static PromptMessage Say(string text) => Say(new TextContentBlock { Text = text });

    private static PromptMessage Say(ContentBlock content) => new() { Role = Role.User, Content = content };
}
