using System.Globalization;

namespace McpPortal.Tests.Rig;

/// <summary>How big a test is: small in <c>infra/test</c>, full under <c>infra/soak</c>, which collects the figures.</summary>
internal static class SoakSize
{
    public static bool IsFull => Environment.GetEnvironmentVariable("PORTAL_SOAK") == "1";

    public static int Of(int small, int full) => IsFull ? full : small;

    /// <summary>A size that <c>infra/soak</c> can set, such as PORTAL_SOAK_CALLS.</summary>
    public static int Named(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable($"PORTAL_SOAK_{name}"), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    /// <summary>What was measured, for the table: one file for each claim.</summary>
    public static void Report(string claim, string figure)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "soak"));
        File.WriteAllText(Path.Combine(folder.FullName, $"{claim}.txt"), figure + "\n");
    }
}
