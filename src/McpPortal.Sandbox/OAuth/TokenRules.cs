using McpPortal.Sandbox.Faults;

namespace McpPortal.Sandbox.OAuth;

/// <summary>How a provider issues and renews tokens; the defaults are the real provider's, tests switch them.</summary>
internal sealed record TokenRules
{
    public required string AccessPrefix { get; init; }

    public required string RefreshPrefix { get; init; }

    public required TimeSpan AccessLifetime { get; init; }

    public TimeSpan? RefreshLifetime { get; init; }

    public bool Rotate { get; init; }

    public bool DetectReuse { get; init; }

    public TimeSpan Grace { get; init; }

    public TokenRules With(Fault fault) => this with
    {
        AccessLifetime = fault.TokenSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : AccessLifetime,
        Rotate = fault.Rotate ?? Rotate,
        DetectReuse = fault.DetectReuse ?? DetectReuse,
        Grace = fault.GraceSeconds is { } grace ? TimeSpan.FromSeconds(grace) : Grace,
    };
}
