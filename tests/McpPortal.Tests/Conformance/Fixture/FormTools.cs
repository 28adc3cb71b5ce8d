using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>Tools whose forms use everything that a field can be.</summary>
internal static class FormTools
{
    public static IEnumerable<McpServerTool> All { get; } =
    [
        new FixtureTool("test_elicitation_sep1034_defaults", "Asks with a default for each kind of field", request => AskingTools.Filled(request, "profile", Inputs.Form(
            "Is this right?",
            """
            {
              "name": { "type": "string", "default": "John Doe" },
              "age": { "type": "integer", "default": 30 },
              "score": { "type": "number", "default": 95.5 },
              "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
              "verified": { "type": "boolean", "default": true }
            }
            """))),
        new FixtureTool("test_elicitation_sep1330_enums", "Asks with each kind of choice", request => AskingTools.Filled(request, "choices", Inputs.Form(
            "Please choose.",
            """
            {
              "untitledSingle": { "type": "string", "enum": ["option1", "option2", "option3"] },
              "titledSingle": { "type": "string", "oneOf": [{ "const": "value1", "title": "First" }, { "const": "value2", "title": "Second" }] },
              "legacyEnum": { "type": "string", "enum": ["opt1", "opt2"], "enumNames": ["Option one", "Option two"] },
              "untitledMulti": { "type": "array", "items": { "type": "string", "enum": ["option1", "option2", "option3"] } },
              "titledMulti": { "type": "array", "items": { "anyOf": [{ "const": "value1", "title": "First" }, { "const": "value2", "title": "Second" }] } }
            }
            """))),
    ];
}
