using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Sandbox.OAuth;

/// <summary>Redirects back to the client; <c>iss</c> per RFC 9207 where a provider sends it.</summary>
internal static class AuthorizeAnswers
{
    public static IResult Code(AuthorizeRequest request, string code, string? issuer) =>
        Back(request, issuer, [new("code", code)]);

    public static IResult Error(AuthorizeRequest request, string error, string description, string? issuer) =>
        Back(request, issuer, [new("error", error), new("error_description", description)]);

    private static IResult Back(AuthorizeRequest request, string? issuer, List<KeyValuePair<string, string?>> parameters)
    {
        if (request.State is { } state)
        {
            parameters.Add(new("state", state));
        }

        if (!string.IsNullOrEmpty(issuer))
        {
            parameters.Add(new("iss", issuer));
        }

        return Results.Redirect(QueryHelpers.AddQueryString(request.RedirectUri!, parameters));
    }
}
