using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace McpPortal.EmailServer.Gmail;

/// <summary>The Gmail REST API with the token of whoever asks; every failure is an <see cref="EmailProblemException"/> without the token.</summary>
internal sealed class GmailClient(HttpClient http, GmailOptions options)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public Task<GmailMessageList> ListAsync(ITokenSource tokens, string? label, string? query, int limit, CancellationToken cancellationToken)
    {
        var path = $"messages?maxResults={limit}";
        path += label is null ? "" : "&labelIds=" + Uri.EscapeDataString(label);
        path += query is null ? "" : "&q=" + Uri.EscapeDataString(query);
        return GetAsync<GmailMessageList>(tokens, path, cancellationToken);
    }

    public Task<GmailMessage> HeadersAsync(ITokenSource tokens, string id, CancellationToken cancellationToken) =>
        GetAsync<GmailMessage>(tokens, $"messages/{Uri.EscapeDataString(id)}?format=metadata&metadataHeaders=From&metadataHeaders=To&metadataHeaders=Subject&metadataHeaders=Date", cancellationToken);

    public Task<GmailMessage> MessageAsync(ITokenSource tokens, string id, CancellationToken cancellationToken) =>
        GetAsync<GmailMessage>(tokens, $"messages/{Uri.EscapeDataString(id)}?format=full", cancellationToken);

    public Task<GmailBody> AttachmentAsync(ITokenSource tokens, string messageId, string attachmentId, CancellationToken cancellationToken) =>
        GetAsync<GmailBody>(tokens, $"messages/{Uri.EscapeDataString(messageId)}/attachments/{Uri.EscapeDataString(attachmentId)}", cancellationToken);

    public Task<GmailLabelList> LabelsAsync(ITokenSource tokens, CancellationToken cancellationToken) =>
        GetAsync<GmailLabelList>(tokens, "labels", cancellationToken);

    public Task<GmailMessageRef> SendAsync(ITokenSource tokens, string raw, CancellationToken cancellationToken) =>
        RequestAsync<GmailMessageRef>(tokens, () => new HttpRequestMessage(HttpMethod.Post, At("messages/send")) { Content = JsonContent.Create(new { raw }) }, cancellationToken);

    private Task<T> GetAsync<T>(ITokenSource tokens, string path, CancellationToken cancellationToken) =>
        RequestAsync<T>(tokens, () => new HttpRequestMessage(HttpMethod.Get, At(path)), cancellationToken);

    private Uri At(string path) => new(options.BaseUrl, "gmail/v1/users/me/" + path);

    private async Task<T> RequestAsync<T>(ITokenSource tokens, Func<HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var token = await tokens.GetAsync(cancellationToken);
                using var request = create();
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var response = await http.SendAsync(request, cancellationToken);
                if (response.StatusCode == HttpStatusCode.Unauthorized && attempt == 1 && tokens.Reject(token))
                {
                    continue;
                }

                var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                return response.IsSuccessStatusCode
                    ? JsonSerializer.Deserialize<T>(body, Json) ?? throw new JsonException()
                    : throw GmailErrors.Explain(response.StatusCode, body, token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EmailProblemException($"Gmail did not answer within {options.Timeout.TotalSeconds:0} seconds. Try again later.");
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new EmailProblemException("This e-mail is too large to be read here.");
        }
        catch (HttpRequestException)
        {
            throw new EmailProblemException("Gmail could not be reached. Try again later.");
        }
        catch (JsonException)
        {
            throw new EmailProblemException("Gmail sent an answer that could not be read.");
        }
    }
}
