using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Admin;

/// <summary>People as administrators manage them. Every member asks the database first whether the actor is one.</summary>
internal sealed class PeopleAdmin(PortalDatabase database, Users users, RoleCheck roles)
{
    /// <summary>Null: the actor is no administrator.</summary>
    public async Task<IReadOnlyList<UserSummary>?> ListAsync(UserId actor, CancellationToken cancellationToken) =>
        await MayAsync(actor, cancellationToken) ? await users.ListAsync(cancellationToken) : null;

    /// <summary>What ends when this person is disabled; null: the actor is no administrator.</summary>
    public async Task<WhatStops?> WhatStopsAsync(UserId actor, UserId user, CancellationToken cancellationToken)
    {
        if (!await MayAsync(actor, cancellationToken))
        {
            return null;
        }

        await using var scope = await database.ForSystemAsync(cancellationToken);
        return new WhatStops(
            await scope.Db.SignInSessions.CountAsync(s => s.UserId == user && s.EndedAt == null, cancellationToken),
            await scope.Db.AccessKeys.CountAsync(k => k.UserId == user && k.RevokedAt == null, cancellationToken),
            await scope.Db.Connections.CountAsync(c => c.OwnerKind == OwnerKind.User && c.OwnerId == user.Value && c.Status == ConnectionStatus.Connected, cancellationToken));
    }

    public Task<UserChange?> DisableAsync(UserId actor, UserId user, CancellationToken cancellationToken) =>
        ChangeAsync(actor, by => users.DisableAsync(user, by, cancellationToken), cancellationToken);

    public Task<UserChange?> EnableAsync(UserId actor, UserId user, CancellationToken cancellationToken) =>
        ChangeAsync(actor, by => users.EnableAsync(user, by, cancellationToken), cancellationToken);

    public Task<UserChange?> GrantAdminAsync(UserId actor, UserId user, CancellationToken cancellationToken) =>
        ChangeAsync(actor, by => users.GrantAdminAsync(user, by, cancellationToken), cancellationToken);

    public Task<UserChange?> RevokeAdminAsync(UserId actor, UserId user, CancellationToken cancellationToken) =>
        ChangeAsync(actor, by => users.RevokeAdminAsync(user, by, cancellationToken), cancellationToken);

    private async Task<UserChange?> ChangeAsync(UserId actor, Func<Actor, Task<UserChange>> change, CancellationToken cancellationToken) =>
        await MayAsync(actor, cancellationToken) ? await change(Actor.Page(actor)) : null;

    private Task<bool> MayAsync(UserId actor, CancellationToken cancellationToken) => roles.HoldsAsync(actor, Roles.Admin, cancellationToken);
}
