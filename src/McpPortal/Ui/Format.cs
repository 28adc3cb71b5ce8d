using System.Globalization;

namespace McpPortal.Ui;

/// <summary>Numbers and times as people read them; the same everywhere.</summary>
public static class Format
{
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-GB");

    /// <summary>1,234,567</summary>
    public static string Count(long number) => number.ToString("N0", English);

    /// <summary>"1 call", "2,000 calls"</summary>
    public static string Count(long number, string one, string many) => $"{Count(number)} {(number == 1 ? one : many)}";

    /// <summary>Share of one as "12 %", small ones as "0.4 %"; the space does not break.</summary>
    public static string Percent(double share) =>
        (share * 100).ToString(share is > 0 and < 0.0995 ? "0.#" : "0", English) + "\u00a0%";

    /// <summary>Bytes as "512 B", "1.5 KB", "12 MB" (steps of 1,024).</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["KB", "MB", "GB", "TB"];
        if (bytes < 1024)
        {
            return $"{Count(bytes)} B";
        }

        var size = bytes / 1024d;
        var unit = 0;
        while (size >= 1023.5 && unit < units.Length - 1)
        {
            size /= 1024;
            unit++;
        }

        return size.ToString(size < 9.95 ? "0.#" : "0", English) + " " + units[unit];
    }

    /// <summary>"214 ms", "1.2 s", "3 min 5 s", "2 h 10 min"</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 999.5 } => $"{time.TotalMilliseconds.ToString(time.TotalMilliseconds is > 0 and < 9.95 ? "0.#" : "0", English)} ms",
        { TotalSeconds: < 59.95 } => $"{time.TotalSeconds.ToString(time.TotalSeconds < 9.95 ? "0.#" : "0", English)} s",
        { TotalMinutes: < 60 } => time.Seconds == 0 ? $"{time.Minutes} min" : $"{time.Minutes} min {time.Seconds} s",
        { TotalDays: < 1 } => time.Minutes == 0 ? $"{time.Hours} h" : $"{time.Hours} h {time.Minutes} min",
        _ => Count((long)time.TotalDays, "day", "days"),
    };

    /// <summary>"2 min ago", "in 41 min", and a date beyond 30 days. portal.js keeps the same words while a page stays open.</summary>
    public static string Relative(DateTimeOffset moment, DateTimeOffset now)
    {
        var distance = (moment - now).Duration();
        if (distance.TotalSeconds < 45)
        {
            return moment > now ? "in a moment" : "just now";
        }

        var minutes = (long)Math.Round(distance.TotalMinutes, MidpointRounding.AwayFromZero);
        var words = minutes < 60 ? $"{minutes} min"
            : minutes < 24 * 60 ? $"{minutes / 60} h"
            : minutes < 30 * 24 * 60 ? Count(minutes / (24 * 60), "day", "days")
            : null;
        return words is null ? moment.ToString("d MMM yyyy", English) : moment > now ? "in " + words : words + " ago";
    }

    /// <summary>"3 May 2026, 14:05:09 UTC"</summary>
    public static string Exact(DateTimeOffset moment) => moment.ToUniversalTime().ToString("d MMM yyyy, HH:mm:ss 'UTC'", English);
}
