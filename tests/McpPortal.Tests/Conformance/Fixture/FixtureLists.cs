using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>Everything that the server lists. Two of its tools change the lists, which sessions and listening streams then hear of.</summary>
internal sealed class FixtureLists
{
    private readonly McpServerTool _tool = new FixtureTool("test_passing_tool", "Comes and goes", _ => FixtureTool.Text("Still here."));
    private readonly McpServerPrompt _prompt = McpServerPrompt.Create(() => "Still here.", new() { Name = "test_passing_prompt", Description = "Comes and goes" });

    public FixtureLists()
    {
        Tools =
        [
            .. ContentTools.All,
            .. ReportingTools.All,
            .. AskingTools.All,
            .. FormTools.All,
            .. RoundTools.All,
            .. SchemaTools.All,
            new FixtureTool("test_trigger_tool_change", "Changes the list of tools", _ => Toggle(Tools!, _tool)),
            new FixtureTool("test_trigger_prompt_change", "Changes the list of prompts", _ => Toggle(Prompts, _prompt)),
        ];
    }

    public McpServerPrimitiveCollection<McpServerTool> Tools { get; }

    public McpServerPrimitiveCollection<McpServerPrompt> Prompts { get; } = [.. FixturePrompts.All];

    public McpServerResourceCollection Resources { get; } = [.. FixtureResources.All];

    private static CallToolResult Toggle<T>(McpServerPrimitiveCollection<T> list, T passing)
        where T : IMcpServerPrimitive
    {
        if (!list.Remove(passing))
        {
            list.TryAdd(passing);
        }

        return FixtureTool.Text("The list has changed.");
    }
}
