using Microsoft.Playwright;

namespace McpPortal.BrowserTests;

/// <summary>The system's own Chromium, driven by Playwright; nothing is downloaded.</summary>
internal static class Chromium
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    public static Task<IBrowser> LaunchAsync(IPlaywright playwright) =>
        playwright.Chromium.LaunchAsync(new() { ExecutablePath = Path(), Args = Arguments });

    private static string Path()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator);
        return folders.SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }, System.IO.Path.Combine).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("No chromium on PATH. Install it (apt-get install chromium), or run infra/test, which does.");
    }
}
