using System.Diagnostics.Metrics;
using McpPortal.Connections.Providers;
using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>Counts refreshes by provider and result, and those whose outcome was in doubt. No labels that name people.</summary>
internal static class RefreshMetrics
{
    public const string MeterName = "McpPortal.Connections";
    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Refreshes = Meter.CreateCounter<long>("refresh_total");
    private static readonly Counter<long> InDoubt = Meter.CreateCounter<long>("refresh_in_doubt_total");

    public static void Count(Provider provider, TokenAnswer answer) =>
        Refreshes.Add(1, new KeyValuePair<string, object?>("provider", provider.Slug), new KeyValuePair<string, object?>("result", answer.GetType().Name));

    public static void CountInDoubt(Provider provider) => InDoubt.Add(1, new KeyValuePair<string, object?>("provider", provider.Slug));
}
