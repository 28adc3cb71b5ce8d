using System.Globalization;

namespace McpPortal.Tests.Rig;

/// <summary>How big a test is: small in <c>infra/test</c>, full under <c>infra/soak</c>, which collects the figures.</summary>
internal static class SoakSize
{
    private static readonly Lock Writing = new();

    public static bool IsFull => Environment.GetEnvironmentVariable("PORTAL_SOAK") == "1";

    public static int Of(int small, int full) => IsFull ? full : small;

    /// <summary>A size that <c>infra/soak</c> can set, such as PORTAL_SOAK_CALLS.</summary>
    public static int Named(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable($"PORTAL_SOAK_{name}"), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    /// <summary>What was measured, for the table: a line for each test of a claim. Nothing in <c>infra/test</c>.</summary>
    public static void Report(string claim, string figure)
    {
        if (!IsFull)
        {
            return;
        }

        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "soak"));
        lock (Writing)
        {
            File.AppendAllText(Path.Combine(folder.FullName, $"{claim}.txt"), figure + "\n");
        }
    }
}
