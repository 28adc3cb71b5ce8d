using System.Globalization;
using System.Net;
using System.Text.Json;

namespace McpPortal.Connections.Providers;

/// <summary>Reads a token endpoint's answer. The body counts more than the status: GitHub reports errors with status 200.</summary>
internal static class TokenAnswers
{
    private const int MaxTokenLength = 16 * 1024;

    // Two parsers that disagree about a duplicate key would disagree about who is let in.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    public static TokenAnswer Read(WireResult result) => result switch
    {
        WireResult.Answer answer => Read(answer),
        WireResult.Lost lost => new TokenAnswer.Unavailable(lost.Why, RetryAfter: null, InDoubt: true),
        WireResult.NotSent notSent => new TokenAnswer.Unavailable(notSent.Why, RetryAfter: null, InDoubt: false),
        _ => throw new InvalidOperationException($"Unknown result {result.GetType().Name}."),
    };

    /// <summary>The body as an object, whatever its content type says; null when it is not exactly one JSON object.</summary>
    public static JsonElement? Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static TokenAnswer Read(WireResult.Answer answer)
    {
        if ((int)answer.Status >= 500 || answer.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout)
        {
            return new TokenAnswer.Unavailable("It has a fault of its own or asks for patience.", answer.RetryAfter, InDoubt: false);
        }

        if (Parse(answer.Body) is not { } json)
        {
            return Malformed(answer);
        }

        return Text(json, "error") switch
        {
            "invalid_grant" or "bad_refresh_token" or "bad_verification_code" => new TokenAnswer.GrantRefused(),
            "invalid_client" or "unauthorized_client" or "incorrect_client_credentials" or "redirect_uri_mismatch" or "unsupported_grant_type" =>
                new TokenAnswer.AppRefused(Text(json, "error")!),
            not null => new TokenAnswer.Unavailable("It refused the request without a reason that the portal knows.", answer.RetryAfter, InDoubt: false),
            null when answer.IsSuccess => Tokens(json) is { } set ? new TokenAnswer.Tokens(set) : Malformed(answer),
            null => Malformed(answer),
        };
    }

    private static TokenAnswer.Unavailable Malformed(WireResult.Answer answer) =>
        new("Its answer was not what the standard asks for.", answer.RetryAfter, InDoubt: answer.IsSuccess);

    private static TokenSet? Tokens(JsonElement json)
    {
        if (Token(json, "access_token") is not { } access || !string.Equals(Text(json, "token_type"), "Bearer", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return new TokenSet
        {
            AccessToken = access,
            RefreshToken = Token(json, "refresh_token"),
            IdToken = Token(json, "id_token"),
            ExpiresIn = Seconds(json, "expires_in"),
            RefreshExpiresIn = Seconds(json, "refresh_token_expires_in") ?? Seconds(json, "refresh_expires_in"),

            // GitHub separates with commas.
            Scopes = json.TryGetProperty("scope", out var scope) && scope.ValueKind == JsonValueKind.String
                ? scope.GetString()!.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                : null,
        };
    }

    /// <summary>A token goes into a header: what cannot stand there is no token.</summary>
    private static string? Token(JsonElement json, string name) =>
        Text(json, name) is { Length: <= MaxTokenLength } text && !text.AsSpan().ContainsAnyExceptInRange('!', '~') ? text : null;

    private static TimeSpan? Seconds(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value))
        {
            return null;
        }

        var seconds = value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetDouble(out var number) => number,
            JsonValueKind.String when double.TryParse(value.GetString(), CultureInfo.InvariantCulture, out var number) => number,
            _ => 0,
        };
        return seconds is > 0 and < 400_000_000 ? TimeSpan.FromSeconds(seconds) : null;
    }
}
