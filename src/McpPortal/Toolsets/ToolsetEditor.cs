using System.Globalization;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Servers;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Toolsets;

/// <summary>Makes, changes and deletes toolsets. Everybody only ever reaches their own.</summary>
internal sealed class ToolsetEditor(PortalDatabase database, ServerCatalog catalog, AuditLog audit, Invalidations invalidations, TimeProvider time)
{
    /// <summary>A new toolset of the actor's.</summary>
    public async Task<ToolsetEditResult> CreateAsync(ToolsetDraft draft, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.User is not { } owner)
        {
            return new ToolsetEditResult.NotFound();
        }

        await using var scope = await database.ForUserAsync(owner, cancellationToken);
        if (await scope.Db.Toolsets.CountAsync(t => t.UserId == owner, cancellationToken) >= ToolsetRules.MaxPerUser)
        {
            return new ToolsetEditResult.NotAllowed($"You have {ToolsetRules.MaxPerUser} toolsets already. Delete one first.");
        }

        var set = new Toolset { UserId = owner, Name = "", CreatedAt = time.GetUtcNow() };
        scope.Db.Toolsets.Add(set);
        return await SaveAsync(scope, set, draft, AuditAction.ToolsetCreated, actor, cancellationToken);
    }

    /// <summary>Saves the draft over what was version <paramref name="version"/> of a toolset of the actor's.</summary>
    public async Task<ToolsetEditResult> ChangeAsync(ToolsetId id, long version, ToolsetDraft draft, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.User is not { } owner)
        {
            return new ToolsetEditResult.NotFound();
        }

        await using var scope = await database.ForUserAsync(owner, cancellationToken);
        if (await scope.Db.Toolsets.SingleOrDefaultAsync(t => t.UserId == owner && t.Id == id, cancellationToken) is not { } set)
        {
            return new ToolsetEditResult.NotFound();
        }

        if (set.Version != version)
        {
            return new ToolsetEditResult.ChangedMeanwhile();
        }

        set.Version++;
        return await SaveAsync(scope, set, draft, AuditAction.ToolsetChanged, actor, cancellationToken);
    }

    /// <summary>Deletes a toolset of the actor's for good; its address answers nobody within two seconds. False: they have none of this id.</summary>
    public async Task<bool> DeleteAsync(ToolsetId id, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.User is not { } owner)
        {
            return false;
        }

        await using var scope = await database.ForUserAsync(owner, cancellationToken);
        var name = await scope.Db.Toolsets.Where(t => t.UserId == owner && t.Id == id).Select(t => t.Name).SingleOrDefaultAsync(cancellationToken);
        await scope.Db.ToolsetServers.Where(s => s.UserId == owner && s.ToolsetId == id).ExecuteDeleteAsync(cancellationToken);
        if (name is null || await scope.Db.Toolsets.Where(t => t.UserId == owner && t.Id == id).ExecuteDeleteAsync(cancellationToken) == 0)
        {
            return false;
        }

        audit.Record(scope, AuditAction.ToolsetDeleted, actor, "toolset", id.ToString(), null, ("name", name));
        invalidations.Publish(scope, InvalidationKind.Toolsets, owner.Value);
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<ToolsetEditResult> SaveAsync(UserScope scope, Toolset set, ToolsetDraft draft, AuditAction action, Actor actor, CancellationToken cancellationToken)
    {
        draft = draft with { Name = ServerNames.Tidy(draft.Name), Description = ServerNames.Tidy(draft.Description) is { Length: > 0 } words ? words : null };
        var taken = new ToolsetEditResult.Invalid(nameof(draft.Name), "Another toolset of yours has this name already.");
        if (ToolsetRules.Fault(draft) is { } fault)
        {
            return fault;
        }

        if (await scope.Db.Toolsets.AnyAsync(t => t.UserId == scope.User && t.Id != set.Id && t.Name == draft.Name, cancellationToken))
        {
            return taken;
        }

        var before = set.Name;
        (set.Name, set.Description, set.Mode, set.UpdatedAt) = (draft.Name, draft.Description, draft.Mode, time.GetUtcNow());
        if (!await TakeAsync(scope, set, draft.Servers, cancellationToken))
        {
            return new ToolsetEditResult.Invalid(nameof(draft.Servers), "One of these servers is not there for you any more. Choose again.");
        }

        audit.Record(scope, action, actor, "toolset", set.Id.ToString(), null,
            ("name", set.Name), ("was", before == set.Name || before.Length == 0 ? null : before), ("mode", set.Mode.ToString()),
            ("servers", string.Join(' ', draft.Servers.Select(choice => $"{choice.Server}:{choice.Tools?.Count.ToString(CultureInfo.InvariantCulture) ?? "all"}"))));
        invalidations.Publish(scope, InvalidationKind.Toolsets, scope.User.Value);
        try
        {
            await scope.CommitAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return new ToolsetEditResult.ChangedMeanwhile();
        }
        catch (DbUpdateException e) when (DuplicateKey.Is(e))
        {
            return taken;
        }

        return new ToolsetEditResult.Saved(set.Name);
    }

    /// <summary>
    /// Brings the servers of a set in line with the choice. What is new in it has to be the owner's to use; what they lost meanwhile may
    /// stay. False: something in it is neither.
    /// </summary>
    private async Task<bool> TakeAsync(UserScope scope, Toolset set, IReadOnlyList<ToolsetChoice> choices, CancellationToken cancellationToken)
    {
        var rows = await scope.Db.ToolsetServers.Where(s => s.UserId == scope.User && s.ToolsetId == set.Id).ToDictionaryAsync(row => row.ServerId, cancellationToken);
        scope.Db.ToolsetServers.RemoveRange(rows.Values.Where(row => choices.All(choice => choice.Server != row.ServerId)));
        foreach (var choice in choices)
        {
            var server = await catalog.FindAsync(scope.User, choice.Server, cancellationToken);
            IReadOnlyList<string>? tools = choice.Tools is null ? null : [.. choice.Tools.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            if (rows.TryGetValue(choice.Server, out var row))
            {
                (row.ServerName, row.Tools) = (server?.Name ?? row.ServerName, tools);
            }
            else if (server is not null)
            {
                scope.Db.ToolsetServers.Add(new ToolsetServer { ToolsetId = set.Id, UserId = scope.User, ServerId = server.Id, ServerName = server.Name, Tools = tools });
            }
            else
            {
                return false;
            }
        }

        return true;
    }
}
