using System.Buffers;
using McpPortal.Data;
using Microsoft.Extensions.Primitives;

namespace McpPortal.Clients.OAuth;

/// <summary>Checks what a client sends to <c>/authorize</c>, in the order in which it becomes known whom to tell.</summary>
internal sealed class AuthorizeRequests(RegisteredClients clients, RedirectRules redirects, PortalAddress address)
{
    private const int MaxState = 2000;
    private const int ChallengeLength = 43; // 32 bytes in base64url (RFC 7636 §4.2)
    private static readonly SearchValues<char> Base64Url = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Names of the parameters; a form that confirms a request carries them on.</summary>
    public static IReadOnlyList<string> Parameters { get; } = ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "resource"];

    public async Task<AuthorizeCheck> CheckAsync(HttpContext context, UserId user, IEnumerable<KeyValuePair<string, StringValues>> sent, CancellationToken cancellationToken)
    {
        var values = sent.Where(field => Parameters.Contains(field.Key)).ToDictionary(field => field.Key, field => field.Value, StringComparer.Ordinal);
        if (values.Values.Any(value => value.Count != 1))
        {
            return new AuthorizeCheck.Faulty("The client's request says something twice, so nobody can tell what it means.");
        }

        if (Value("client_id") is not { } clientId)
        {
            return new AuthorizeCheck.Faulty("The request does not say which client it comes from.");
        }

        var (client, fault) = await clients.FindAsync(clientId, user, cancellationToken);
        if (client is null)
        {
            return new AuthorizeCheck.Faulty(fault!);
        }

        var wanted = Value("redirect_uri");
        if (redirects.IsUnknownApp(wanted))
        {
            return new AuthorizeCheck.Faulty(redirects.Refusal(wanted)!);
        }

        if (wanted is not { } redirectUri || redirects.Refusal(redirectUri) is not null || !client.MayAnswerTo(redirectUri))
        {
            return new AuthorizeCheck.Faulty($"The request wants the answer at an address that {client.Name} did not name before. It may not come from {client.Name} at all.");
        }

        var state = Value("state");
        if (state is { Length: > MaxState })
        {
            return Tell("invalid_request", "The client's state is too long.", null);
        }

        if (Value("response_type") != "code")
        {
            return Tell("unsupported_response_type", "The portal gives codes only.", state);
        }

        if (Value("code_challenge_method") != "S256" || Value("code_challenge") is not { Length: ChallengeLength } challenge || challenge.AsSpan().ContainsAnyExcept(Base64Url))
        {
            return Tell("invalid_request", "The client has to prove with PKCE, method S256, that it is the one that asked.", state);
        }

        if (ClientScopes.Parse(Value("scope")) is not { } scopes)
        {
            return Tell("invalid_scope", $"The client asks for something that the portal does not give. There are {string.Join(" and ", ClientScopes.All)}.", state);
        }

        return address.TryReadResource(context, Value("resource"), out var asked)
            ? new AuthorizeCheck.Asked(new AuthorizeRequest(client, redirectUri, state, scopes, challenge, asked))
            : Tell("invalid_target", "The client asks for access to something that this portal does not serve.", state);

        string? Value(string name) => values.TryGetValue(name, out var value) && value[0] is { Length: > 0 } text ? text : null;

        AuthorizeCheck.Faulty Tell(string error, string sentence, string? back) => Fault(context, redirectUri, error, sentence, back);
    }

    /// <summary>A fault that the client can be told.</summary>
    public AuthorizeCheck.Faulty Fault(HttpContext context, string redirectUri, string error, string sentence, string? state) =>
        new(sentence, RedirectUris.PlaceOf(redirectUri), Answer(context, redirectUri, state, ("error", error), ("error_description", sentence)));

    /// <summary>The redirect address with an answer in it, which says whom it comes from (RFC 9207).</summary>
    public string Answer(HttpContext context, string redirectUri, string? state, params ReadOnlySpan<(string Name, string? Value)> answer) =>
        RedirectUris.With(redirectUri, [.. answer, ("state", state), ("iss", address.Issuer(context))]);
}
