using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace McpPortal.StreamableHttp;

/// <summary>Compares <c>Mcp-Param-*</c> headers with the arguments they mirror (<c>x-mcp-header</c> in a tool's input schema).</summary>
internal static class ParamHeaderChecks
{
    public static McpFault? Check(JsonElement schema, JsonNode? arguments, IHeaderDictionary headers)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (var property in properties.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            var argument = (arguments as JsonObject)?[property.Name];
            if (property.Value.TryGetProperty("x-mcp-header", out var name) && name.ValueKind == JsonValueKind.String
                && !Agrees(headers[HeaderNames.ParamPrefix + name.GetString()], argument))
            {
                return McpFault.HeaderMismatch($"The {HeaderNames.ParamPrefix}{name.GetString()} header does not match the argument '{property.Name}'.");
            }

            if (Check(property.Value, argument, headers) is { } nested)
            {
                return nested;
            }
        }

        return null;
    }

    private static bool Agrees(Microsoft.Extensions.Primitives.StringValues header, JsonNode? argument)
    {
        if (argument is null)
        {
            return header.Count == 0;
        }

        if (header.Count != 1 || HeaderValue.Decode(header[0]) is not { } sent)
        {
            return false;
        }

        return argument.GetValueKind() switch
        {
            JsonValueKind.String => sent == argument.GetValue<string>(),
            JsonValueKind.True => sent == "true",
            JsonValueKind.False => sent == "false",
            JsonValueKind.Number => SameNumber(sent, argument.ToJsonString()),
            _ => false,
        };
    }

    private static bool SameNumber(string left, string right) =>
        left == right
        || decimal.TryParse(left, NumberStyles.Float, CultureInfo.InvariantCulture, out var a)
        && decimal.TryParse(right, NumberStyles.Float, CultureInfo.InvariantCulture, out var b)
        && a == b;
}
