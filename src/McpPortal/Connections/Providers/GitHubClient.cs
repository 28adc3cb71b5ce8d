using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace McpPortal.Connections.Providers;

/// <summary>GitHub: its own revocation endpoint and its own words for an account.</summary>
internal sealed class GitHubClient(ProviderHttp http) : ProviderClient(http)
{
    protected override string HintParameter => "login";

    /// <summary>
    /// <c>DELETE …/applications/{client_id}/grant</c> ends everything the person granted; with <c>/token</c> in place of <c>/grant</c>
    /// it ends one token.
    /// </summary>
    public override async Task<RevocationAnswer> RevokeAsync(OAuthApp app, TokenSet tokens, RevocationReach reach, CancellationToken cancellationToken)
    {
        if (app.RevocationEndpoint is not { } grant || app.ClientSecret is null)
        {
            return RevocationAnswer.Unsupported;
        }

        var endpoint = reach == RevocationReach.Grant ? grant : new Uri(grant, "token");
        using var request = new HttpRequestMessage(HttpMethod.Delete, endpoint) { Content = JsonContent.Create(new { access_token = tokens.AccessToken }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{app.ClientId}:{app.ClientSecret}")));

        // 404 and 422: it does not know the token, which is what was wanted.
        return await Http.SendAsync(request, cancellationToken) is WireResult.Answer { Status: HttpStatusCode.NoContent or HttpStatusCode.OK or HttpStatusCode.NotFound or HttpStatusCode.UnprocessableEntity }
            ? RevocationAnswer.Revoked
            : RevocationAnswer.Unavailable;
    }

    protected override ProviderAccount? Account(JsonElement json) =>
        json.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number) && TokenAnswers.Text(json, "login") is { } login
            ? new ProviderAccount(number.ToString(CultureInfo.InvariantCulture), Shown(login))
            : null;
}
