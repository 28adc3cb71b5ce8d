using System.Net.Http.Headers;
using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>
/// The connection on which a server of the older revisions says over HTTP what it was not asked ("Listening for messages from the server",
/// transports, 2025-11-25). It stands only while somebody listens.
/// </summary>
/// <param name="http">The client of the session, with its user's credentials.</param>
/// <param name="endpoint">The server.</param>
/// <param name="token">The bearer token of its user, where the server takes one.</param>
/// <param name="time">The clock.</param>
internal sealed class StandingStream(HttpClient http, Uri endpoint, Func<CancellationToken, ValueTask<string?>> token, TimeProvider time)
{
    private const int LongestId = 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private static readonly JsonTypeInfo<JsonRpcMessage> MessageType = (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage));

    /// <summary>Hears until cancelled, also over connections that take the place of others, or until the server refuses to speak so.</summary>
    /// <param name="session">The id that the server gave the session, if it gave one.</param>
    /// <param name="version">The revision of the protocol that both agreed on.</param>
    /// <param name="heard">Called for each message; must be quick.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The status with which the server refuses: 405 for one that never speaks unasked, 404 for a session that it does not know any more.</returns>
    public async Task<int?> RunAsync(string? session, string? version, Action<JsonRpcMessage> heard, CancellationToken cancellationToken)
    {
        string? last = null;
        var pause = Pause;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var request = await RequestAsync(session, version, last, cancellationToken);
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if ((int)response.StatusCode is >= 400 and < 500 and not 408 and not 429 and var refused)
                {
                    return refused;
                }

                if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == MediaTypeNames.Text.EventStream)
                {
                    var events = SseParser.Create(await response.Content.ReadAsStreamAsync(cancellationToken), static (_, data) => Read(data));
                    await foreach (var said in events.EnumerateAsync(cancellationToken))
                    {
                        (last, pause) = (said.EventId is { Length: > 0 and <= LongestId } id ? id : last, Pause);
                        if (said.Data is { } message)
                        {
                            heard(message);
                        }
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException or AnswerTooLongException)
            {
                // Cut off, or too long for one connection: another one goes on.
            }

            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        return null;
    }

    private async ValueTask<HttpRequestMessage> RequestAsync(string? session, string? version, string? last, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, endpoint) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue(MediaTypeNames.Text.EventStream) } } };
        if (await token(cancellationToken) is { } bearer)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }

        Add("Mcp-Session-Id", session);
        Add("MCP-Protocol-Version", version);
        Add("Last-Event-ID", last);
        return request;

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <summary>Null for what is no message.</summary>
    private static JsonRpcMessage? Read(ReadOnlySpan<byte> data)
    {
        try
        {
            return data.IsEmpty ? null : JsonSerializer.Deserialize(data, MessageType);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return null;
        }
    }
}
