using McpPortal.Data;

namespace McpPortal.Servers;

/// <summary>A server that can be added with a few clicks. For programs it is also the approval: nothing else can bring in a command.</summary>
internal sealed record ServerTemplate
{
    public required string Key { get; init; }

    public required string Name { get; init; }

    public string? Description { get; init; }

    public required ServerTransport Transport { get; init; }

    /// <summary>Address of an HTTP server; null where the admin has to write it.</summary>
    public string? Url { get; init; }

    /// <summary>Absolute program and literal arguments. Nothing is ever put into them.</summary>
    public IReadOnlyList<string> CommandLine { get; init; } = [];

    /// <summary>Declared variables with their default values.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyList<CredentialNeed> Credentials { get; init; } = [];

    public int TimeoutSeconds { get; init; } = 60;

    public ServerDraft ToDraft(string? slug = null) => new()
    {
        Slug = slug ?? Key,
        Name = Name,
        Description = Description,
        Url = Url,
        Settings = Settings,
        Credentials = Credentials,
        TimeoutSeconds = TimeoutSeconds,
    };

    /// <summary>Files of the command that are not on this machine; a sentence, or null.</summary>
    public string? Missing()
    {
        foreach (var file in CommandLine.Where((part, index) => index == 0 || (Path.IsPathFullyQualified(part) && Path.HasExtension(part))))
        {
            if (!File.Exists(file))
            {
                return $"{file} is not on this machine.";
            }
        }

        return null;
    }

    /// <returns>A sentence that says why this is no command line, or null.</returns>
    public static string? CommandRefusal(IReadOnlyList<string> commandLine)
    {
        if (commandLine.Count == 0 || !IsPlainAbsolute(commandLine[0]))
        {
            return "Write the program as a plain absolute path, without '..' in it.";
        }

        return commandLine.Any(part => part.Length > 4096 || part.Any(char.IsControl)) ? "An argument is too long or holds a control character." : null;
    }

    private static bool IsPlainAbsolute(string path) =>
        Path.IsPathFullyQualified(path) && !path.Any(char.IsControl) && Path.GetFullPath(path) == path && Path.GetFileName(path).Length > 0;
}
