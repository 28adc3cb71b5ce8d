namespace McpPortal.Clients.OAuth;

/// <summary>A client's description of itself, checked: from a registration (RFC 7591 §2) or from its document.</summary>
/// <param name="Name">What it says that it is called.</param>
/// <param name="RedirectUris">Where its answers may go.</param>
internal sealed record ClientDetails(string Name, IReadOnlyList<string> RedirectUris)
{
    private const int MaxName = 80;

    /// <summary>Apps that are not known here are left out, as RFC 7591 §3.2.1 lets a server do: the client has other ways beside them.</summary>
    /// <returns>The details, or a sentence that says what is wrong with the redirect URIs.</returns>
    public static (ClientDetails? Details, string? Fault) Check(ClientMetadata metadata, RedirectRules redirects)
    {
        if (metadata.RedirectUris is not { Count: > 0 and <= OAuth.RedirectUris.Max } addresses)
        {
            return (null, $"Name 1 to {OAuth.RedirectUris.Max} redirect_uris.");
        }

        IReadOnlyList<string> known = [.. addresses.Where(address => !redirects.IsUnknownApp(address)).Distinct(StringComparer.Ordinal)];
        return (known.Count == 0 ? addresses : known).Select(redirects.Refusal).FirstOrDefault(refusal => refusal is not null) is { } fault
            ? (null, fault)
            : (new ClientDetails(NameOf(metadata.ClientName, known[0]), known), null);
    }

    /// <summary>Only what can be seen: marks that turn the direction of writing could make a page say something else.</summary>
    private static string NameOf(string? name, string redirectUri)
    {
        var visible = new string([.. (name ?? "").Where(c => !char.IsControl(c) && !char.IsSurrogate(c)
            && char.GetUnicodeCategory(c) is not (System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator))]).Trim();
        return visible.Length == 0 ? OAuth.RedirectUris.PlaceOf(redirectUri) : visible.Length > MaxName ? visible[..MaxName] : visible;
    }
}
