using McpPortal.Data;

namespace McpPortal.Clients;

/// <summary>What a valid access key stands for.</summary>
/// <param name="KeyId">Public id of the key.</param>
/// <param name="KeyName">The owner's name for it.</param>
/// <param name="User">The owner.</param>
/// <param name="UserName">The owner's display name.</param>
/// <param name="ReadOnly">Only tools that declare themselves read-only.</param>
/// <param name="Servers">The only servers allowed; null for all.</param>
/// <param name="ExpiresAt">When it ends; null for never.</param>
internal sealed record KeyHolder(string KeyId, string KeyName, UserId User, string UserName, bool ReadOnly, IReadOnlyList<ServerId>? Servers, DateTimeOffset? ExpiresAt)
{
    /// <summary>Of a request that <see cref="AccessKeyHandler"/> let in.</summary>
    public static KeyHolder Of(HttpContext context) => context.Features.Get<KeyHolder>() ?? throw new InvalidOperationException("The request carries no access key.");
}
