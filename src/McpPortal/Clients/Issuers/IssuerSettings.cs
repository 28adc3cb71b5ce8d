using McpPortal.Accounts.Jwt;

namespace McpPortal.Clients.Issuers;

/// <summary>One issuer of <c>Access:Issuers</c>: where its keys are, and what its tokens must say.</summary>
internal sealed class IssuerSettings
{
    public const string DefaultReadScope = "mcp:read";
    public const string DefaultCallScope = "mcp:call";

    /// <summary>Compared exactly with <c>iss</c>.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>What <c>aud</c> must say, and nothing else unless <see cref="AllowSharedAudience"/>.</summary>
    public string Audience { get; init; } = "";

    /// <summary>Takes tokens that are meant for others too: several audiences, or one that every application of the issuer gets.</summary>
    public bool AllowSharedAudience { get; init; }

    /// <summary>Address of the key set; empty: the one that the issuer's discovery document names.</summary>
    public string JwksUri { get; init; } = "";

    /// <summary>The shared secret of an issuer that signs with HS256, in place of a key set.</summary>
    public string Secret { get; init; } = "";

    /// <summary>Of the portal at this issuer, with which people show who they are there; empty: only whoever signs in to the portal with it can use its tokens.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Empty for a public client.</summary>
    public string ClientSecret { get; init; } = "";

    public IList<string> SigningAlgorithms { get; init; } = [];

    /// <summary>Accepted values of the <c>typ</c> header.</summary>
    public IList<string> TokenTypes { get; init; } = [];

    /// <summary>Claim that must name <see cref="ReadScope"/> or <see cref="CallScope"/>; empty: every token may call all tools.</summary>
    public string ScopeClaim { get; init; } = "";

    public string ReadScope { get; init; } = DefaultReadScope;

    public string CallScope { get; init; } = DefaultCallScope;

    /// <summary>Tokens that are good for longer are refused, because nobody can take them back.</summary>
    public TimeSpan MaxLifetime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>RFC 9068 §2.1 calls access tokens <c>at+jwt</c>; most issuers write <c>JWT</c>.</summary>
    public static IReadOnlyList<string> DefaultTypes { get; } = ["at+jwt", "JWT"];

    public JwtRules Rules() => new()
    {
        Issuer = Issuer,
        Audiences = [Audience],
        SoleAudience = !AllowSharedAudience,
        Algorithms = Secret.Length > 0 ? ["HS256"] : SigningAlgorithms.Count > 0 ? [.. SigningAlgorithms] : JwtRules.AsymmetricAlgorithms,
        Types = TokenTypes.Count > 0 ? [.. TokenTypes] : DefaultTypes,
        MaxLifetime = MaxLifetime,
    };

    public override string ToString() => Issuer;
}
