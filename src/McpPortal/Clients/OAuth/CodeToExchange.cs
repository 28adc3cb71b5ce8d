using McpPortal.Data;

namespace McpPortal.Clients.OAuth;

/// <summary>A client's request to exchange a code.</summary>
/// <param name="Code">The code.</param>
/// <param name="ClientId">Who asks.</param>
/// <param name="RedirectUri">Where the code was sent; null when left out (OAuth 2.1 §4.1.3), otherwise it has to be the same.</param>
/// <param name="Verifier">PKCE verifier.</param>
/// <param name="Target">What the tokens shall be for; null when left out.</param>
internal sealed record CodeToExchange(string Code, string ClientId, string? RedirectUri, string? Verifier, AskedTarget? Target)
{
    public bool IsForOther(ClientGrant grant) => Target is not null && Target.Resource != grant.ResourceName();

    public override string ToString() => $"code of {ClientId}";
}

/// <summary>A resource of the portal, by its name (<see cref="McpResource.NameOf"/>): one server, one toolset, or all of <c>/mcp</c>.</summary>
internal sealed record AskedTarget(string? Resource);
