using McpPortal.Audit;
using McpPortal.Clients.ActAs;
using McpPortal.Data;

namespace McpPortal.Admin;

/// <summary>Service keys as administrators manage them. Every member asks the database first whether the actor is one.</summary>
internal sealed class ProgramsAdmin(ServiceKeys keys, RoleCheck roles)
{
    /// <summary>Null: the actor is no administrator.</summary>
    public async Task<ProgramsView?> ListAsync(UserId actor, CancellationToken cancellationToken) =>
        await MayAsync(actor, cancellationToken) ? new ProgramsView(await keys.ListAsync(cancellationToken), await keys.GroupsAsync(cancellationToken)) : null;

    /// <summary>Makes a key. Null: the actor is no administrator, there is no such group, or there are too many keys.</summary>
    /// <returns>The key's text, for the only time.</returns>
    public async Task<string?> CreateAsync(UserId actor, string name, GroupId group, DateTimeOffset? expiresAt, CancellationToken cancellationToken) =>
        await MayAsync(actor, cancellationToken) ? await keys.CreateAsync(name, group, expiresAt, Actor.Page(actor), cancellationToken) : null;

    /// <summary>False: the actor is no administrator, or there is no such key.</summary>
    public async Task<bool> RevokeAsync(UserId actor, string keyId, CancellationToken cancellationToken) =>
        await MayAsync(actor, cancellationToken) && await keys.RevokeAsync(keyId, Actor.Page(actor), cancellationToken);

    private Task<bool> MayAsync(UserId actor, CancellationToken cancellationToken) => roles.HoldsAsync(actor, Roles.Admin, cancellationToken);
}
