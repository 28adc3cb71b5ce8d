using McpPortal.Data;
using McpPortal.Toolsets;

namespace McpPortal.Calls;

/// <summary>For whom a call is made and through which door. Made by a front from the request, never kept.</summary>
/// <param name="User">The user whose sessions and credentials are used.</param>
/// <param name="Via">The door.</param>
/// <param name="Client">Name of the client program or of the access key.</param>
/// <param name="AccessKeyId">Public id of the access key, if one was used.</param>
/// <param name="ReadOnly">Only tools that declare themselves read-only.</param>
/// <param name="Servers">The only servers allowed; null allows all that the user may use.</param>
/// <param name="Toolsets">The only toolsets allowed, and servers only through them; null sets no such limit.</param>
/// <param name="Within">The toolset of the user's through which the call is made: it narrows what is allowed to its tools.</param>
/// <param name="ServiceKeyId">Public id of the service key of a program that acts for the user, if one does.</param>
internal sealed record Caller(
    UserId User,
    CallVia Via,
    string? Client = null,
    string? AccessKeyId = null,
    bool ReadOnly = false,
    IReadOnlyList<ServerId>? Servers = null,
    IReadOnlyList<ToolsetId>? Toolsets = null,
    ToolsetSnapshot? Within = null,
    string? ServiceKeyId = null)
{
    /// <summary>Whether it is not the user's own program. Such a one calls tools and does nothing else.</summary>
    public bool IsActing => ServiceKeyId is not null;

    public bool MayUse(ServerId server) => Servers?.Contains(server) != false && (Within is { } set ? MayUse(set) && set.Has(server) : Toolsets is null);

    /// <param name="toolset">One of the user's own.</param>
    public bool MayUse(ToolsetSnapshot toolset) => Toolsets?.Contains(toolset.Id) != false;

    public bool MayCall(ServerId server, string tool) => MayUse(server) && Within?.Has(server, tool) != false;
}
