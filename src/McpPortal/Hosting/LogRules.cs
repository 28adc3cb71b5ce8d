namespace McpPortal.Hosting;

/// <summary>Categories that would write credentials stay quiet, whatever level the settings ask for.</summary>
internal static class LogRules
{
    private static readonly (string Category, LogLevel Least)[] Quiet =
    [
        // "Request starting … ?code=…&state=…": the query of a request, with what a provider hands back in it and keys that somebody put there.
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning),

        // The arguments of what a page sends over its circuit, at Debug: what somebody types into a field for a secret.
        ("Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher", LogLevel.Information),

        // Whole messages at Trace, and at Warning what a tool said when it failed: what people and their clients say to each other. The gateway logs its own faults.
        ("ModelContextProtocol", LogLevel.None),
    ];

    public static void KeepQuiet(this ILoggingBuilder logging) => logging.Services.PostConfigure<LoggerFilterOptions>(options =>
    {
        // A rule for one provider, such as Logging:Console, beats one for all of them; of equal rules the last one counts.
        var providers = options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct(StringComparer.Ordinal).ToList();
        foreach (var rule in providers.SelectMany(provider => Quiet.Select(quiet => new LoggerFilterRule(provider, quiet.Category, quiet.Least, filter: null))))
        {
            options.Rules.Add(rule);
        }
    });
}
