using Microsoft.Playwright;

namespace McpPortal.BrowserTests;

/// <summary>The rules of axe-core, from the npm packages of tests/peers.</summary>
internal static class Accessibility
{
    private const string Script = """
        async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
          .violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
          .flatMap(v => v.nodes.map(n => `${v.id} (${v.impact}): ${n.target.join(' ')} – ${n.failureSummary.replace(/\s+/g, ' ')}`))
        """;

    /// <summary>Serious and critical findings of the page as it stands; empty is what we want.</summary>
    public static async Task<string[]> FindingsAsync(IPage page)
    {
        // Evaluated through the debugger, which the page's content security policy does not bind.
        await page.EvaluateAsync(await File.ReadAllTextAsync(RulesFile()) + "\n;void 0");
        return await page.EvaluateAsync<string[]>(Script);
    }

    private static string RulesFile()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var file = Path.Combine(folder.FullName, "tests", "peers", "node_modules", "axe-core", "axe.min.js");
            if (File.Exists(file))
            {
                return file;
            }
        }

        throw new FileNotFoundException("axe-core is missing. Run npm ci in tests/peers.");
    }
}
