using McpPortal.Data;

namespace McpPortal.Servers;

/// <summary>One credential while it is edited in a form.</summary>
internal sealed class NeedRow
{
    public string Name { get; set; } = "";

    public CredentialSource Source { get; set; } = CredentialSource.Secret;

    public CredentialPlacement Placement { get; set; } = CredentialPlacement.Bearer;

    public string? Target { get; set; }

    public string? Provider { get; set; }

    public string? Scopes { get; set; }

    public string? Label { get; set; }

    public bool Required { get; set; } = true;

    public static NeedRow Of(CredentialNeed need) => new()
    {
        Name = need.Name,
        Source = need.Source,
        Placement = need.Placement,
        Target = need.Target,
        Provider = need.Provider,
        Scopes = string.Join(' ', need.Scopes),
        Label = need.Label,
        Required = need.Required,
    };

    public CredentialNeed ToNeed() => new()
    {
        Name = Name.Trim(),
        Source = Source,
        Placement = Placement,
        Target = Placement == CredentialPlacement.Bearer ? null : Target?.Trim(),
        Provider = Source == CredentialSource.Connection ? Provider?.Trim() : null,
        Scopes = Source == CredentialSource.Connection ? (Scopes ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries) : [],
        Label = string.IsNullOrWhiteSpace(Label) ? null : ServerNames.Tidy(Label),
        Required = Required,
    };
}
