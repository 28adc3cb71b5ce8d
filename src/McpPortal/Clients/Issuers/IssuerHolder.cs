using McpPortal.Data;

namespace McpPortal.Clients.Issuers;

/// <summary>Whom a valid token of an external issuer stands for.</summary>
/// <param name="Token">What it says.</param>
/// <param name="User">The person who signs in with this issuer as this subject.</param>
/// <param name="UserName">Their display name.</param>
internal sealed record IssuerHolder(IssuerToken Token, UserId User, string UserName)
{
    /// <summary>What records of calls name: the issuer, and whom it means.</summary>
    public string Client => $"{Token.Subject} at {Token.Issuer}";

    /// <summary>Of a request that <see cref="IssuerTokenHandler"/> let in; null when it came with something else.</summary>
    public static IssuerHolder? Of(HttpContext context) => context.Features.Get<IssuerHolder>();
}
