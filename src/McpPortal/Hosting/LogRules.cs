namespace McpPortal.Hosting;

/// <summary>Categories that would write credentials stay quiet, whatever level the settings ask for.</summary>
internal static class LogRules
{
    // "Request starting … ?code=…&state=…": the query of a request, with what a provider hands back in it and keys that somebody put there.
    private const string Requests = "Microsoft.AspNetCore.Hosting.Diagnostics";

    public static void KeepQuiet(this ILoggingBuilder logging) => logging.Services.PostConfigure<LoggerFilterOptions>(options =>
    {
        // A rule for one provider, such as Logging:Console, beats one for all of them; of equal rules the last one counts.
        foreach (var provider in options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct(StringComparer.Ordinal).ToList())
        {
            options.Rules.Add(new LoggerFilterRule(provider, Requests, LogLevel.Warning, filter: null));
        }
    });
}
