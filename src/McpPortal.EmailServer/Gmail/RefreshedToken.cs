using System.Text.Json;

namespace McpPortal.EmailServer.Gmail;

/// <summary>Gets access tokens with a refresh token, one request at a time however many ask.</summary>
internal sealed class RefreshedToken(HttpClient http, GmailOptions options, GmailClientCredentials credentials, TimeProvider time) : ITokenSource
{
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromMinutes(30);

    private readonly Lock _gate = new();
    private string _refreshToken = credentials.RefreshToken;
    private (string Value, DateTimeOffset Until)? _current;
    private Task<string>? _refreshing;

    public async ValueTask<string> GetAsync(CancellationToken cancellationToken)
    {
        Task<string> refreshing;
        lock (_gate)
        {
            if (_current is { } current && time.GetUtcNow() < current.Until)
            {
                return current.Value;
            }

            // Nobody's cancellation may end the refresh that others wait for.
            refreshing = _refreshing ??= Task.Run(RefreshAsync, CancellationToken.None);
        }

        return await refreshing.WaitAsync(cancellationToken);
    }

    public bool Reject(string token)
    {
        lock (_gate)
        {
            if (_current?.Value == token)
            {
                _current = null;
            }
        }

        return true;
    }

    public override string ToString() => "***";

    private async Task<string> RefreshAsync()
    {
        try
        {
            var (token, lifetime, rotated) = await RequestAsync();
            lock (_gate)
            {
                _current = (token, time.GetUtcNow() + lifetime - Margin);
                _refreshToken = rotated ?? _refreshToken;
            }

            return token;
        }
        finally
        {
            lock (_gate)
            {
                _refreshing = null;
            }
        }
    }

    private async Task<(string Token, TimeSpan Lifetime, string? Rotated)> RequestAsync()
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token",
            ["client_id"] = credentials.ClientId,
            ["client_secret"] = credentials.ClientSecret,
            ["refresh_token"] = _refreshToken,
        });
        try
        {
            using var response = await http.PostAsync(options.TokenUrl, form);
            var text = await response.Content.ReadAsStringAsync();
            if (response.IsSuccessStatusCode)
            {
                return Parse(text);
            }

            throw new EmailProblemException((int)response.StatusCode is >= 400 and < 500 && text.Contains("invalid_grant", StringComparison.Ordinal)
                ? "Google no longer accepts the refresh token of this mailbox. Connect Gmail again and set GMAIL_REFRESH_TOKEN to the new one."
                : (int)response.StatusCode is >= 400 and < 500
                    ? "Google did not accept GMAIL_CLIENT_ID and GMAIL_CLIENT_SECRET."
                    : "Google's sign-in service is not available right now. Try again later.");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new EmailProblemException("Google's sign-in service could not be reached. Try again later.");
        }
    }

    private static (string, TimeSpan, string?) Parse(string text)
    {
        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        var lifetime = root.TryGetProperty("expires_in", out var seconds) && seconds.TryGetInt32(out var value) && value > 0 ? TimeSpan.FromSeconds(value) : DefaultLifetime;
        var token = root.GetProperty("access_token").GetString();
        return (string.IsNullOrEmpty(token) ? throw new JsonException() : token, lifetime, root.TryGetProperty("refresh_token", out var rotated) ? rotated.GetString() : null);
    }
}
