using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>Tools whose input schema is what is looked at.</summary>
internal static class SchemaTools
{
    public static IEnumerable<McpServerTool> All { get; } =
    [
        new FixtureTool(
            "json_schema_2020_12_tool",
            "Tool with JSON Schema 2020-12 features",
            _ => FixtureTool.Text("The schema is all there is to this tool."),
            """
            {
              "$schema": "https://json-schema.org/draft/2020-12/schema",
              "type": "object",
              "$defs": {
                "address": { "$anchor": "home", "type": "object", "properties": { "street": { "type": "string" }, "city": { "type": "string" } } }
              },
              "properties": {
                "name": { "type": "string" },
                "address": { "$ref": "#/$defs/address" },
                "reachedBy": { "type": "string", "enum": ["phone", "email"] },
                "phone": { "type": "string" },
                "email": { "type": "string" }
              },
              "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
              "if": { "properties": { "reachedBy": { "const": "phone" } }, "required": ["reachedBy"] },
              "then": { "required": ["phone"] },
              "else": { "required": ["email"] },
              "additionalProperties": false
            }
            """),
        new FixtureTool(
            "test_mirrored_argument",
            "Takes an argument that a header repeats",
            request => FixtureTool.Text($"Region: {FixtureTool.Argument(request, "region")}"),
            """{"type":"object","properties":{"region":{"type":"string","description":"Where","x-mcp-header":"Region"}},"required":["region"]}"""),
    ];
}
