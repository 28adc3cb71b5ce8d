using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace McpPortal.Data;

/// <summary>Which door a call came through.</summary>
public enum CallVia
{
    Console = 1,
    Rest = 2,
    Gateway = 3,
    Monitor = 4,
}

/// <summary>How a call ended.</summary>
public enum CallResult
{
    Succeeded = 1,
    ToolFailed = 2,
    NeedsConnection = 3,
    Refused = 4,
    TimedOut = 5,
    Unreachable = 6,
    Cancelled = 7,
}

/// <summary>The record of one call: who, what, how long and how big; never what was in it.</summary>
[RowAccess(TableAccess.OwnRowsReadOnly)]
public sealed class ToolCall
{
    public CallId Id { get; init; } = CallId.New();

    public UserId UserId { get; init; }

    /// <summary>The server at the time of the call; it may be gone since, so there is no foreign key.</summary>
    public ServerId ServerId { get; init; }

    public required string ServerSlug { get; init; }

    public required string Tool { get; init; }

    public CallVia Via { get; init; }

    /// <summary>Name of the client program, or of the access key.</summary>
    public string? Client { get; init; }

    public string? AccessKeyId { get; init; }

    /// <summary>Service key of the program that acted for the user, if one did.</summary>
    public string? ServiceKeyId { get; init; }

    /// <summary>Account or owner whose credential was used, as its owner reads it.</summary>
    public string? Account { get; init; }

    public ConnectionId? ConnectionId { get; init; }

    public CallResult Result { get; init; }

    /// <summary>What the caller was told when the call did not succeed.</summary>
    public string? Sentence { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public double DurationMs { get; init; }

    public double UpstreamMs { get; init; }

    public int RequestBytes { get; init; }

    public int ResponseBytes { get; init; }

    /// <summary>Keyed hash of the arguments: equal calls can be told, contents cannot.</summary>
    public byte[]? ArgumentsHash { get; init; }

    public sealed class Map : IEntityTypeConfiguration<ToolCall>
    {
        public void Configure(EntityTypeBuilder<ToolCall> builder)
        {
            builder.ToTable("tool_calls");
            builder.Property(c => c.ServerSlug).HasMaxLength(64);
            builder.Property(c => c.Tool).HasMaxLength(256);
            builder.Property(c => c.Client).HasMaxLength(200);
            builder.Property(c => c.AccessKeyId).HasMaxLength(32);
            builder.Property(c => c.ServiceKeyId).HasMaxLength(32);
            builder.Property(c => c.Account).HasMaxLength(320);
            builder.Property(c => c.Sentence).HasMaxLength(500);
            builder.Property(c => c.ArgumentsHash).HasMaxLength(32);
            builder.HasIndex(c => new { c.UserId, c.StartedAt });
            builder.HasIndex(c => c.StartedAt);
        }
    }
}
