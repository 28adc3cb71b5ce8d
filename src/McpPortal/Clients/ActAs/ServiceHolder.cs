using McpPortal.Data;

namespace McpPortal.Clients.ActAs;

/// <summary>What a valid service key stands for: a program, and nobody.</summary>
/// <param name="KeyId">Public id of the key.</param>
/// <param name="Name">The program.</param>
/// <param name="Group">Whose members it may act for, where they allow it.</param>
/// <param name="ExpiresAt">When it ends; null for never.</param>
internal sealed record ServiceHolder(string KeyId, string Name, GroupId Group, DateTimeOffset? ExpiresAt)
{
    /// <summary>Of a request that <see cref="ServiceKeyHandler"/> let in; null when it came with something else.</summary>
    public static ServiceHolder? Of(HttpContext context) => context.Features.Get<ServiceHolder>();
}
