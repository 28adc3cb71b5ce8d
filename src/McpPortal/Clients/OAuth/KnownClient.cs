using McpPortal.Data;

namespace McpPortal.Clients.OAuth;

/// <summary>A client that may ask.</summary>
/// <param name="Id">Its row.</param>
/// <param name="ClientId">How it calls itself in requests.</param>
/// <param name="Name">What it says that it is called.</param>
/// <param name="RedirectUris">Where its answers may go.</param>
internal sealed record KnownClient(RegisteredClientId Id, string ClientId, string Name, IReadOnlyList<string> RedirectUris)
{
    /// <summary>Host of the document that describes it; null for one that registered itself.</summary>
    public string? Publisher => HasDocument(ClientId) ? new Uri(ClientId).Host : null;

    /// <summary>Whether the id is the address of a document.</summary>
    public static bool HasDocument(string clientId) => clientId.StartsWith("https://", StringComparison.Ordinal) || clientId.StartsWith("http://", StringComparison.Ordinal);

    public bool MayAnswerTo(string redirectUri) => RedirectUris.Any(registered => OAuth.RedirectUris.Matches(registered, redirectUri));
}
