using McpPortal.Data;

namespace McpPortal.Clients;

/// <summary>What a valid access key stands for.</summary>
/// <param name="KeyId">Public id of the key.</param>
/// <param name="KeyName">The owner's name for it.</param>
/// <param name="User">The owner.</param>
/// <param name="UserName">The owner's display name.</param>
/// <param name="ReadOnly">Only tools that declare themselves read-only.</param>
/// <param name="Servers">The only servers allowed; null for all.</param>
/// <param name="Toolsets">The only toolsets allowed, and no server but through them; null for no such limit.</param>
/// <param name="ExpiresAt">When it ends; null for never.</param>
internal sealed record KeyHolder(
    string KeyId, string KeyName, UserId User, string UserName, bool ReadOnly, IReadOnlyList<ServerId>? Servers, IReadOnlyList<ToolsetId>? Toolsets, DateTimeOffset? ExpiresAt)
{
    /// <summary>Whether it may do less than its owner.</summary>
    public bool IsLimited => ReadOnly || Servers is not null || Toolsets is not null;

    /// <summary>Whether it reaches the server directly, which a key of toolsets never does.</summary>
    public bool Reaches(ServerId server) => Toolsets is null && Servers?.Contains(server) != false;

    /// <summary>Of a request that <see cref="AccessKeyHandler"/> let in.</summary>
    public static KeyHolder Of(HttpContext context) => context.Features.Get<KeyHolder>() ?? throw new InvalidOperationException("The request carries no access key.");
}
