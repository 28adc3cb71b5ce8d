using System.Globalization;

namespace McpPortal.EmailServer.Gmail;

/// <summary>Where Gmail is, and how long to wait for it.</summary>
internal sealed record GmailOptions
{
    public Uri BaseUrl { get; init; } = new("https://gmail.googleapis.com/");

    public Uri TokenUrl { get; init; } = new("https://oauth2.googleapis.com/token");

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Largest answer of Gmail in bytes that is read.</summary>
    public int MaxAnswerBytes { get; init; } = 40 * 1024 * 1024;

    public static GmailOptions Read(IConfiguration configuration)
    {
        var defaults = new GmailOptions();
        return new()
        {
            BaseUrl = WithSlash(Address(configuration, "Gmail:BaseUrl", defaults.BaseUrl)),
            TokenUrl = Address(configuration, "Gmail:TokenUrl", defaults.TokenUrl),
            Timeout = Duration(configuration, "Gmail:Timeout", defaults.Timeout),
        };
    }

    private static Uri Address(IConfiguration configuration, string key, Uri fallback)
    {
        if (configuration[key] is not { Length: > 0 } text)
        {
            return fallback;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)
            ? uri
            : throw new GmailOptionsException($"{key} must be an https address (http only on this machine), like {fallback}.");
    }

    private static TimeSpan Duration(IConfiguration configuration, string key, TimeSpan fallback)
    {
        if (configuration[key] is not { Length: > 0 } text)
        {
            return fallback;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) && value > TimeSpan.Zero && value <= TimeSpan.FromMinutes(10)
            ? value
            : throw new GmailOptionsException($"{key} must be a time up to ten minutes, like 00:00:30.");
    }

    /// <summary>Without it the last segment of a base address is lost when a path is added.</summary>
    private static Uri WithSlash(Uri uri) => uri.AbsoluteUri.EndsWith('/') ? uri : new Uri(uri.AbsoluteUri + "/");
}
