using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>One kind of what servers list.</summary>
/// <param name="Method">Asks for the list.</param>
/// <param name="Member">Where the entries stand in its result.</param>
/// <param name="Key">What of an entry its server knows it by.</param>
/// <param name="Words">What the entries are called in a sentence.</param>
/// <param name="Join">The key of an entry where all servers stand in one list, from the server's short name and its own key.</param>
internal sealed record ListKind(string Method, string Member, string Key, string Words, Func<string, string, string> Join)
{
    public static ListKind Tools { get; } = new(RequestMethods.ToolsList, "tools", "name", "tools", ListedNames.Join);

    private static readonly ListKind[] All =
    [
        Tools,
        new(RequestMethods.PromptsList, "prompts", "name", "prompts", ListedNames.Join),
        new(RequestMethods.ResourcesList, "resources", "uri", "resources", ListedUris.Join),
        new(RequestMethods.ResourcesTemplatesList, "resourceTemplates", "uriTemplate", "templates of resources", ListedUris.Join),
    ];

    /// <summary>What a method asks for; null when it asks for no list.</summary>
    public static ListKind? Of(string method) => Array.Find(All, kind => kind.Method == method);
}
