using System.Net;
using System.Text.Json;

namespace McpPortal.EmailServer.Gmail;

/// <summary>Turns Gmail's error answers into sentences.</summary>
internal static class GmailErrors
{
    private const int LongestQuote = 200;

    public static EmailProblemException Explain(HttpStatusCode status, byte[] body, string token)
    {
        var (message, reason) = Read(body);
        return new(status switch
        {
            HttpStatusCode.Unauthorized => "Google no longer accepts the sign-in for this mailbox. Connect Gmail again, then try once more.",
            HttpStatusCode.TooManyRequests => "Gmail asks to slow down. Wait a minute, then try again.",
            HttpStatusCode.Forbidden when reason.Contains("rateLimitExceeded", StringComparison.OrdinalIgnoreCase) => "Gmail asks to slow down. Wait a minute, then try again.",
            HttpStatusCode.Forbidden => "This connection may not do that. Connect Gmail again and allow what this tool needs.",
            HttpStatusCode.NotFound => "There is no such e-mail in this mailbox.",
            HttpStatusCode.BadRequest when message.Length > 0 => $"Gmail refused this: {Quote(message, token)}",
            >= HttpStatusCode.InternalServerError => "Gmail is not available right now. Try again later.",
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => "Gmail answered with a redirect, which is not followed.",
            _ => $"Gmail refused this (HTTP {(int)status}).",
        });
    }

    private static string Quote(string message, string token)
    {
        var safe = message.Replace(token, "***", StringComparison.Ordinal).ReplaceLineEndings(" ");
        return safe.Length <= LongestQuote ? safe : string.Concat(safe.AsSpan(0, LongestQuote), "…");
    }

    /// <summary>Google's form is {"error":{"message":…,"errors":[{"reason":…}]}}; what is not of that form says nothing.</summary>
    private static (string Message, string Reason) Read(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var error = json.RootElement.GetProperty("error");
            var message = error.TryGetProperty("message", out var text) ? text.GetString() : null;
            var reason = error.TryGetProperty("errors", out var errors) ? errors.EnumerateArray().Select(e => e.GetProperty("reason").GetString()).FirstOrDefault() : null;
            return (message ?? "", reason ?? "");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return ("", "");
        }
    }
}
