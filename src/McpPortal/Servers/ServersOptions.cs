using McpPortal.Data;

namespace McpPortal.Servers;

/// <summary>Section <c>Servers</c>.</summary>
internal sealed class ServersOptions
{
    public const string Section = "Servers";

    /// <summary>How many HTTP servers of their own a member may add.</summary>
    public int MaxOwnPerUser { get; init; } = 50;

    /// <summary>Templates that the operator approves, by key; the only source of commands besides the built-in ones.</summary>
    public IDictionary<string, TemplateOptions> Templates { get; init; } = new Dictionary<string, TemplateOptions>(StringComparer.Ordinal);

    public SeedOptions Seed { get; init; } = new();

    public IEnumerable<string> Errors()
    {
        if (MaxOwnPerUser is < 0 or > 1000)
        {
            yield return $"{Section}:MaxOwnPerUser is {MaxOwnPerUser}. Write a number from 0 to 1000.";
        }

        foreach (var (key, template) in Templates)
        {
            if (ServerNames.SlugRefusal(key) is { } sentence)
            {
                yield return $"{Section}:Templates:{key} has a key that cannot be used. {sentence}";
            }

            foreach (var error in template.Errors($"{Section}:Templates:{key}"))
            {
                yield return error;
            }
        }
    }
}

/// <summary>One entry of <c>Servers:Templates</c>.</summary>
internal sealed class TemplateOptions
{
    public string Name { get; init; } = "";

    public string? Description { get; init; }

    /// <summary>Absolute program and literal arguments; present for stdio only.</summary>
    public IList<string> Command { get; init; } = [];

    /// <summary>Address of an HTTP server; absent for stdio.</summary>
    public string? Url { get; init; }

    /// <summary>Declared variables with their public default values.</summary>
    public IDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IList<NeedOptions> Credentials { get; init; } = [];

    public int TimeoutSeconds { get; init; } = 60;

    public IEnumerable<string> Errors(string key)
    {
        if (ServerNames.NameRefusal(Name) is not null)
        {
            yield return $"{key}:Name is missing or cannot be shown. Write what people call the server.";
        }

        if (Command.Count > 0 == Url is not null)
        {
            yield return $"{key} needs either Command (for a program) or Url (for HTTP), not both.";
        }

        if (Command.Count > 0 && ServerTemplate.CommandRefusal([.. Command]) is { } refusal)
        {
            yield return $"{key}:Command cannot be used. {refusal}";
        }

        foreach (var (name, value) in Settings)
        {
            if ((EnvironmentRules.RefuseName(name) ?? EnvironmentRules.RefuseValue(name, value)) is { } sentence)
            {
                yield return $"{key}:Settings:{name} cannot be used. {sentence}";
            }
        }

        if (CredentialNeedRules.Refusal(Command.Count > 0 ? ServerTransport.Stdio : ServerTransport.Http, Needs()) is { } wrong)
        {
            yield return $"{key}:Credentials cannot be used. {wrong}";
        }

        if (TimeoutSeconds is < 1 or > ServerRules.MaxTimeoutSeconds)
        {
            yield return $"{key}:TimeoutSeconds is {TimeoutSeconds}. Write a number from 1 to {ServerRules.MaxTimeoutSeconds}.";
        }
    }

    public IReadOnlyList<CredentialNeed> Needs() => [.. Credentials.Select(need => need.ToNeed())];

    public ServerTemplate ToTemplate(string key) => new()
    {
        Key = key,
        Name = Name,
        Description = Description,
        Transport = Command.Count > 0 ? ServerTransport.Stdio : ServerTransport.Http,
        Url = Url,
        CommandLine = [.. Command],
        Settings = Settings.ToDictionary(StringComparer.Ordinal),
        Credentials = Needs(),
        TimeoutSeconds = TimeoutSeconds,
    };
}

/// <summary>One credential of a template in the configuration.</summary>
internal sealed class NeedOptions
{
    public string Name { get; init; } = "";

    public CredentialSource Source { get; init; } = CredentialSource.Secret;

    public CredentialPlacement Placement { get; init; } = CredentialPlacement.Bearer;

    public string? Target { get; init; }

    public string? Provider { get; init; }

    public IList<string> Scopes { get; init; } = [];

    public string? Label { get; init; }

    public bool Required { get; init; } = true;

    public CredentialNeed ToNeed() => new()
    {
        Name = Name,
        Source = Source,
        Placement = Placement,
        Target = Target,
        Provider = Provider,
        Scopes = [.. Scopes],
        Label = Label,
        Required = Required,
    };
}

/// <summary>Section <c>Servers:Seed</c>: what a first start with the sandbox fills the catalogue with. Addresses come from section <c>Sandbox</c>.</summary>
internal sealed class SeedOptions
{
    public bool Enabled { get; init; } = true;

    /// <summary>Folder in which <c>npm ci</c> put server-everything and server-filesystem; <c>tests/peers</c> of the repository when absent.</summary>
    public string? PeersPath { get; init; }

    /// <summary>Absolute path of Node; looked for in the usual places when absent.</summary>
    public string? Node { get; init; }

    /// <summary>McpPortal.Sandbox.dll; the one built beside the portal when absent.</summary>
    public string? SandboxProgram { get; init; }

    /// <summary>McpPortal.EmailServer.dll; the one built beside the portal when absent.</summary>
    public string? EmailProgram { get; init; }
}
