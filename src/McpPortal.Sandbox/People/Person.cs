namespace McpPortal.Sandbox.People;

/// <summary>Somebody who can sign in here, with the accounts that this person has at the stand-in providers.</summary>
internal sealed record Person(string Name, bool IsAdmin = false)
{
    public string Subject => $"sandbox-{Name}";

    public string Email => $"{Name}@sandbox.test";

    public string DisplayName => char.ToUpperInvariant(Name[0]) + Name[1..];

    /// <summary>The first is the one that consent pages offer.</summary>
    public IReadOnlyList<string> GoogleAccounts => [$"{Name}@gmail.sandbox.test", $"{Name}.club@gmail.sandbox.test"];

    public IReadOnlyList<string> GitHubAccounts => [$"{Name}-dev", $"{Name}-club"];
}
