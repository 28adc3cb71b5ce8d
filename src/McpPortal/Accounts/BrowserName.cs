namespace McpPortal.Accounts;

/// <summary>A User-Agent header as a person would say it: "Firefox on Windows".</summary>
internal static class BrowserName
{
    // Order matters: every browser also claims to be those it descends from.
    private static readonly (string Mark, string Name)[] Browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];

    private static readonly (string Mark, string Name)[] Systems =
        [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")];

    public static string Of(string? userAgent)
    {
        if (string.IsNullOrWhiteSpace(userAgent))
        {
            return "Unknown browser";
        }

        var (browser, system) = (Find(Browsers, userAgent), Find(Systems, userAgent));
        return browser is null && system is null ? userAgent[..Math.Min(userAgent.Length, 40)]
            : system is null ? browser!
            : $"{browser ?? "A browser"} on {system}";
    }

    private static string? Find((string Mark, string Name)[] known, string userAgent) =>
        known.FirstOrDefault(pair => userAgent.Contains(pair.Mark, StringComparison.Ordinal)).Name;
}
