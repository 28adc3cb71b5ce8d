using McpPortal.Data;

namespace McpPortal.Calls;

/// <summary>One call as the person in whose name it was made sees it.</summary>
public sealed record ActivityRow
{
    public required CallId Id { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required CallVia Via { get; init; }

    /// <summary>Name of the client program or of the access key.</summary>
    public string? Client { get; init; }

    /// <summary>Whether that is a program of the organisation, which acted for the person.</summary>
    public bool IsActing { get; init; }

    public required string Server { get; init; }

    public required string Tool { get; init; }

    public string? Account { get; init; }

    public required CallResult Result { get; init; }

    public string? Sentence { get; init; }

    public double DurationMs { get; init; }

    public double UpstreamMs { get; init; }

    public int RequestBytes { get; init; }

    public int ResponseBytes { get; init; }
}
