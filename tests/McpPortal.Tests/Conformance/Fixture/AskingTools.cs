using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>Tools that ask their caller one question.</summary>
internal static class AskingTools
{
    private const string Key = "answer";

    public static IEnumerable<McpServerTool> All { get; } =
    [
        new FixtureTool(
            "test_sampling",
            "Asks the caller's language model",
            request => Sampled(request, Key, FixtureTool.Argument(request, "prompt")),
            """{"type":"object","properties":{"prompt":{"type":"string","description":"What the model is asked"}},"required":["prompt"]}"""),
        new FixtureTool(
            "test_elicitation",
            "Asks the person for a name and an address",
            request => Filled(request, Key, Inputs.Form(
                FixtureTool.Argument(request, "message"),
                """{"username":{"type":"string","description":"Your name"},"email":{"type":"string","description":"Your e-mail address"}}""",
                "username",
                "email")),
            """{"type":"object","properties":{"message":{"type":"string","description":"What the person is told"}},"required":["message"]}"""),
        new FixtureTool("test_streaming_elicitation", "Asks the person in the middle of a stream", request => Filled(request, Key, Name())),
        new FixtureTool("test_input_required_result_elicitation", "Asks the person for a name", request =>
            Answers.Form(request.Params, "user_name") is { } form
                ? FixtureTool.Text($"Hello, {Answers.Field(form, "name")}!")
                : throw Inputs.Ask("user_name", Name())),
        new FixtureTool("test_input_required_result_sampling", "Asks the caller's language model", request => Sampled(request, "capital_question", "What is the capital of France?")),
        new FixtureTool("test_input_required_result_list_roots", "Asks for the caller's folders", request =>
            Answers.Roots(request.Params, "client_roots") is { } roots
                ? FixtureTool.Text($"Your folders: {string.Join(", ", roots)}")
                : throw Inputs.Ask("client_roots", Inputs.Roots())),
        new FixtureTool("test_missing_capability", "Needs a caller with a language model", request =>
            Answers.Capabilities(request).Sampling is null
                ? throw new MissingRequiredClientCapabilityException(new ClientCapabilities { Sampling = new SamplingCapability() })
                : FixtureTool.Text("The caller has a language model.")),
        new FixtureTool("test_input_required_result_capabilities", "Asks for nothing that the caller has not", Able),
    ];

    public static InputRequest Name() => Inputs.Form("What is your name?", """{"name":{"type":"string"}}""", "name");

    public static CallToolResult Filled(RequestContext<CallToolRequestParams> request, string key, InputRequest form) =>
        Answers.Form(request.Params, key) is { } answer ? FixtureTool.Text($"Elicitation completed: {Answers.Describe(answer)}") : throw Inputs.Ask(key, form);

    private static CallToolResult Sampled(RequestContext<CallToolRequestParams> request, string key, string prompt) =>
        Answers.Sample(request.Params, key) is { } answer ? FixtureTool.Text($"LLM response: {answer}") : throw Inputs.Ask(key, Inputs.Sample(prompt));

    private static CallToolResult Able(RequestContext<CallToolRequestParams> request) => Answers.Capabilities(request) switch
    {
        _ when Answers.Sample(request.Params, Key) is { } answer => FixtureTool.Text(answer),
        _ when Answers.Form(request.Params, "name") is { } form => FixtureTool.Text(Answers.Field(form, "name")),
        { Sampling: not null } => throw Inputs.Ask(Key, Inputs.Sample("Name a colour.")),
        { Elicitation: not null } => throw Inputs.Ask("name", Name()),
        _ => FixtureTool.Text("There is nothing that you could be asked for."),
    };
}
