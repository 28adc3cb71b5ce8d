using System.Net;
using McpPortal.Outbound;

namespace McpPortal.Accounts.Jwt;

/// <summary>What an issuer publishes about itself: metadata and keys.</summary>
internal static class IssuerDocument
{
    private const int MaxBytes = 1024 * 1024;

    /// <returns>The document, or a sentence for the operator's log.</returns>
    public static async Task<(byte[]? Body, string? Problem)> GetAsync(OutboundGuard guard, Uri url, CancellationToken cancellationToken)
    {
        try
        {
            using var client = guard.Create(OutboundPurpose.SignIn);
            using var response = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK
                ? (await response.ReadCappedAsync(MaxBytes, cancellationToken), null)
                : (null, $"it answered {(int)response.StatusCode}");
        }
        catch (OutboundRefusedException e)
        {
            return (null, e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return (null, "it could not be reached");
        }
    }

    /// <summary>An address that may be asked: https, or http on this machine in Development.</summary>
    public static Uri? Address(string? text, bool development) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && url.Fragment.Length == 0
        && (url.Scheme == Uri.UriSchemeHttps || (development && url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)) ? url : null;
}
