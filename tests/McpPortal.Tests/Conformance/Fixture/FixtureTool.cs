using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>A tool whose input schema reaches the client exactly as it is written here.</summary>
internal sealed class FixtureTool : McpServerTool
{
    private const string NoArguments = """{"type":"object"}""";
    private readonly Func<RequestContext<CallToolRequestParams>, CancellationToken, ValueTask<CallToolResult>> _run;

    public FixtureTool(
        string name,
        string description,
        Func<RequestContext<CallToolRequestParams>, CancellationToken, ValueTask<CallToolResult>> run,
        [StringSyntax(StringSyntaxAttribute.Json)] string schema = NoArguments)
    {
        _run = run;
        ProtocolTool = new Tool { Name = name, Description = description, InputSchema = JsonElement.Parse(schema) };
    }

    public FixtureTool(
        string name,
        string description,
        Func<RequestContext<CallToolRequestParams>, CallToolResult> run,
        [StringSyntax(StringSyntaxAttribute.Json)] string schema = NoArguments)
        : this(name, description, (request, _) => ValueTask.FromResult(run(request)), schema)
    {
    }

    public override Tool ProtocolTool { get; }

    public override IReadOnlyList<object> Metadata => [];

    public static CallToolResult Text(string text) => Content(new TextContentBlock { Text = text });

    public static CallToolResult Content(params ContentBlock[] content) => new() { Content = content };

    /// <summary>A text argument; a missing one is empty.</summary>
    public static string Argument(RequestContext<CallToolRequestParams> request, string name) =>
        request.Params?.Arguments?.TryGetValue(name, out var value) is true && value.ValueKind is JsonValueKind.String ? value.GetString()! : "";

    public override ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default) =>
        _run(request, cancellationToken);
}
