using Microsoft.Extensions.Options;

namespace McpPortal.Servers;

/// <summary>The built-in templates and those that the operator approved under <c>Servers:Templates</c>, which win where keys are the same.</summary>
internal sealed class ServerTemplates
{
    private readonly Dictionary<string, ServerTemplate> _templates;

    public ServerTemplates(IOptions<ServersOptions> options, BuiltInTemplates builtIn)
    {
        _templates = builtIn.All.ToDictionary(template => template.Key, StringComparer.Ordinal);
        foreach (var (key, template) in options.Value.Templates)
        {
            _templates[key] = template.ToTemplate(key);
        }

        All = [.. _templates.Values.OrderBy(template => template.Name, StringComparer.OrdinalIgnoreCase)];
    }

    public IReadOnlyList<ServerTemplate> All { get; }

    public ServerTemplate? Find(string key) => _templates.GetValueOrDefault(key);
}
