using System.Globalization;

namespace McpPortal.Sandbox.People;

/// <summary>Everybody the sandbox knows: ana, ben, cara (admin), and <c>test-001</c> to <c>test-999</c> for load tests.</summary>
internal static class Residents
{
    public static IReadOnlyList<Person> Named { get; } = [new("ana"), new("ben"), new("cara", IsAdmin: true)];

    /// <summary>Finds a person by name, subject, e-mail address or an account at a stand-in provider.</summary>
    public static Person? Find(string? hint)
    {
        if (string.IsNullOrWhiteSpace(hint))
        {
            return null;
        }

        var name = hint.Trim().Split('@')[0];
        name = TrimStart(TrimEnd(TrimEnd(TrimEnd(name, ".club"), "-club"), "-dev"), "sandbox-");
        return Named.FirstOrDefault(person => person.Name == name) ?? (IsTest(name) ? new Person(name) : null);
    }

    private static bool IsTest(string name) =>
        name.Length == 8
        && name.StartsWith("test-", StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number > 0;

    private static string TrimEnd(string text, string end) =>
        text.EndsWith(end, StringComparison.Ordinal) ? text[..^end.Length] : text;

    private static string TrimStart(string text, string start) =>
        text.StartsWith(start, StringComparison.Ordinal) ? text[start.Length..] : text;
}
