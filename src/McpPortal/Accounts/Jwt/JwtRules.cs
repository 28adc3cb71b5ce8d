namespace McpPortal.Accounts.Jwt;

/// <summary>What a token of one issuer must satisfy.</summary>
internal sealed record JwtRules
{
    public const string TenantPlaceholder = "{tenantid}";

    public static readonly IReadOnlyList<string> AsymmetricAlgorithms =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>Compared exactly. Entra's shared endpoints publish a literal <c>{tenantid}</c>, which stands for the token's <c>tid</c>.</summary>
    public required string Issuer { get; init; }

    /// <summary>At least one of these must be in <c>aud</c>.</summary>
    public required IReadOnlyCollection<string> Audiences { get; init; }

    /// <summary>Whether <c>aud</c> may name nobody else: whoever else it names could send the token on.</summary>
    public bool SoleAudience { get; init; }

    public IReadOnlyCollection<string> Algorithms { get; init; } = AsymmetricAlgorithms;

    /// <summary>Accepted values of the <c>typ</c> header; a token without one is accepted when <c>JWT</c> is among them.</summary>
    public IReadOnlyCollection<string> Types { get; init; } = ["JWT"];

    /// <summary>When not empty, <c>tid</c> must be one of these.</summary>
    public IReadOnlyCollection<string> AllowedTenants { get; init; } = [];

    /// <summary>From <c>iat</c>, or from now where it is absent, to <c>exp</c>; null for any.</summary>
    public TimeSpan? MaxLifetime { get; init; }

    public TimeSpan Skew { get; init; } = TimeSpan.FromSeconds(60);
}
