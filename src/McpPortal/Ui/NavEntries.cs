using System.Reflection;
using System.Security.Claims;
using Microsoft.AspNetCore.Components;

namespace McpPortal.Ui;

/// <summary>One place in the side bar and in the jump list; <paramref name="Roles"/> empty means every signed-in person.</summary>
internal sealed record NavEntry(string Group, string Href, string Text, string Icon, string Sentence, params string[] Roles);

/// <summary>The map of the portal. An entry appears as soon as a page with its route exists and the person's role includes it.</summary>
internal static class NavEntries
{
    private static readonly string[] Admin = ["admin"];
    private static readonly string[] Oversight = ["admin", "auditor"];

    private static readonly HashSet<string> Routes = typeof(NavEntries).Assembly.GetTypes()
        .SelectMany(type => type.GetCustomAttributes<RouteAttribute>()).Select(route => route.Template)
        .ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static readonly NavEntry[] All =
    [
        new("Mine", "/", "Home", "home", "How your connections are, and what to do next"),
        new("Mine", "/connections", "Connections", "link", "Accounts that tools may use in your name"),
        new("Mine", "/servers", "Servers", "dns", "Which MCP servers there are, and what they offer"),
        new("Mine", "/toolsets", "Toolsets", "category", "Tools put together for one purpose, with an address of their own"),
        new("Mine", "/secrets", "Secrets", "key", "Values that servers need, kept encrypted"),
        new("Mine", "/console", "Console", "terminal", "Try a tool and see exactly what happens"),
        new("Mine", "/saved", "Saved calls", "bookmark", "Calls to repeat, and monitors that watch them"),
        new("Mine", "/activity", "Activity", "history", "Every call made in your name"),
        new("Mine", "/sessions", "Sessions", "lan", "AI clients that are connected as you"),
        new("Mine", "/access", "Access", "devices", "Keys and programs that act for you"),
        new("Organisation", "/admin", "Dashboard", "monitoring", "Who fails now, and where", Oversight),
        new("Organisation", "/admin/users", "Users", "group", "People, their roles and their state", Admin),
        new("Organisation", "/admin/groups", "Groups", "groups", "Who belongs together", Admin),
        new("Organisation", "/admin/programs", "Programs", "smart_toy", "Service keys of programs that act for people", Admin),
        new("Organisation", "/admin/servers", "Server catalogue", "inventory_2", "Servers that the organisation offers", Admin),
        new("Organisation", "/admin/policies", "Policies", "policy", "Who may call which tool, and how often", Admin),
        new("Organisation", "/admin/providers", "Providers", "hub", "OAuth apps that people connect through", Admin),
        new("Organisation", "/admin/sessions", "All sessions", "device_hub", "AI clients that are connected, as whom", Oversight),
        new("Organisation", "/admin/audit", "Audit", "fact_check", "What was changed, by whom", Oversight),
        new("Organisation", "/admin/keys", "Encryption keys", "encrypted", "The key ring, rotation and recovery", Admin),
        new("Help", "/help", "Help", "help", "How things work here"),
        new("Person", "/profile", "Profile", "person", "Who you are here"),
    ];

    public static IReadOnlyList<NavEntry> For(ClaimsPrincipal person) =>
        [.. All.Where(entry => Routes.Contains(entry.Href) && (entry.Roles.Length == 0 || entry.Roles.Any(person.IsInRole)))];
}
