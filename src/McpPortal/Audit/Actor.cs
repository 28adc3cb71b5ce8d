using McpPortal.Data;

namespace McpPortal.Audit;

/// <summary>Who changes something, and through which door.</summary>
/// <param name="User">The user; null for hosted jobs and the command line.</param>
/// <param name="Via">"page", "rest", "gateway", "cli", or the name of the hosted job.</param>
internal readonly record struct Actor(UserId? User, string Via)
{
    public static Actor CommandLine { get; } = new(null, "cli");

    public static Actor Page(UserId user) => new(user, "page");

    public static Actor Rest(UserId user) => new(user, "rest");

    public static Actor Job(string name) => new(null, name);
}
