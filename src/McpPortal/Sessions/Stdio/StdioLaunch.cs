using McpPortal.Data;

namespace McpPortal.Sessions.Stdio;

/// <summary>What to run for whom. Command and arguments come from an approved template; only values of variables come from people.</summary>
internal sealed class StdioLaunch
{
    public required UserId User { get; init; }

    /// <summary>The server's name as people know it, for sentences and logs.</summary>
    public required string Name { get; init; }

    /// <summary>An absolute path, or a bare name that is looked up in <c>Stdio:Path</c>.</summary>
    public required string Command { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The declared variables with this user's values.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Values that must never be seen: removed from what the child writes, and refused as arguments.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>Folders of the program that stay readable although they lie in a home or temporary folder.</summary>
    public IReadOnlyList<string> ReadPaths { get; init; } = [];

    /// <summary>Cancelled when the program must end at once, without time to end by itself.</summary>
    public CancellationToken Aborted { get; init; }

    public override string ToString() => $"{Name} for {User}";
}
