using McpPortal.Data;

namespace McpPortal.Secrets;

/// <summary>What a page or the API shows of a secret. There is no value in it, nor a way to one.</summary>
internal sealed record SecretListing
{
    public required SecretId Id { get; init; }

    public required ServerId ServerId { get; init; }

    public required string ServerSlug { get; init; }

    public required string ServerName { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset SetAt { get; init; }

    public required DateTimeOffset ChangedAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The destination its owner agreed to.</summary>
    public required string AgreedTo { get; init; }

    /// <summary>Where the server sends it now.</summary>
    public required string Now { get; init; }

    public bool Suspended => AgreedTo != Now;
}
