using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>Tools that remember something from one round of questions to the next.</summary>
internal static class RoundTools
{
    private static readonly SealedState Rounds = new("test_input_required_result_multi_round");
    private static readonly SealedState Three = new("test_input_required_result_multiple_inputs");

    public static IEnumerable<McpServerTool> All { get; } =
    [
        Confirming("test_input_required_result_request_state"),
        Confirming("test_input_required_result_tampered_state"),
        new FixtureTool("test_input_required_result_multiple_inputs", "Asks the person, the model and the caller at once", AskThree),
        new FixtureTool("test_input_required_result_multi_round", "Asks for a name and then for a colour", AskTwice),
    ];

    private static FixtureTool Confirming(string name)
    {
        var state = new SealedState(name);
        return new FixtureTool(name, "Asks for a confirmation", request => state.Open(request.Params) is "asked" && Answers.Form(request.Params, "confirm") is { } form
            ? FixtureTool.Text($"state-ok, confirmed: {Answers.Field(form, "ok")}")
            : throw Inputs.Ask("confirm", Inputs.Form("Please confirm", """{"ok":{"type":"boolean"}}""", "ok"), state.Seal("asked")));
    }

    private static CallToolResult AskThree(RequestContext<CallToolRequestParams> request)
    {
        if (Three.Open(request.Params) is "asked"
            && Answers.Form(request.Params, "user_name") is { } name
            && Answers.Sample(request.Params, "greeting") is { } greeting
            && Answers.Roots(request.Params, "client_roots") is { } roots)
        {
            return FixtureTool.Text($"{greeting} {Answers.Field(name, "name")} of {string.Join(", ", roots)}");
        }

        var questions = new Dictionary<string, InputRequest>(StringComparer.Ordinal)
        {
            ["user_name"] = AskingTools.Name(),
            ["greeting"] = Inputs.Sample("Say hello."),
            ["client_roots"] = Inputs.Roots(),
        };
        throw new InputRequiredException(questions, Three.Seal("asked"));
    }

    private static CallToolResult AskTwice(RequestContext<CallToolRequestParams> request)
    {
        const string Named = "named ";
        var state = Rounds.Open(request.Params);
        if (state?.StartsWith(Named, StringComparison.Ordinal) is true && Answers.Form(request.Params, "step2") is { } colour)
        {
            return FixtureTool.Text($"{state[Named.Length..]} likes {Answers.Field(colour, "color")}.");
        }

        if (state is "asked" && Answers.Form(request.Params, "step1") is { } name)
        {
            throw Inputs.Ask("step2", Inputs.Form("Step 2: What is your favourite colour?", """{"color":{"type":"string"}}""", "color"), Rounds.Seal(Named + Answers.Field(name, "name")));
        }

        throw Inputs.Ask("step1", Inputs.Form("Step 1: What is your name?", """{"name":{"type":"string"}}""", "name"), Rounds.Seal("asked"));
    }
}
