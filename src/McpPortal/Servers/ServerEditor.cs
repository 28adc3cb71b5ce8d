using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace McpPortal.Servers;

/// <summary>Adds, edits and removes servers. Members change their own, which are HTTP only; administrators change the organisation's.</summary>
internal sealed class ServerEditor(
    PortalDatabase database, ServerRules rules, ServerTemplates templates, ServerCatalog catalog, AuditLog audit, Invalidations invalidations,
    IOptions<ServersOptions> options, TimeProvider time)
{
    private const string Taken = "Another server has this name already.";

    /// <summary>A member's own server. There is no way to a program from here.</summary>
    public async Task<ServerEditResult> AddOwnAsync(UserId owner, ServerDraft draft, Actor actor, CancellationToken cancellationToken)
    {
        draft = Tidy(draft);
        if (await catalog.FindAsync(owner, draft.Slug, cancellationToken) is not null)
        {
            return new ServerEditResult.Invalid(nameof(ServerDraft.Slug), Taken);
        }

        await using var scope = await database.ForUserAsync(owner, cancellationToken);
        if (await scope.Db.Servers.CountAsync(s => s.OwnerKind == OwnerKind.User && s.OwnerId == owner.Value && s.RemovedAt == null, cancellationToken) >= options.Value.MaxOwnPerUser)
        {
            return new ServerEditResult.NotAllowed($"You have {options.Value.MaxOwnPerUser} servers of your own already. Remove one first.");
        }

        return await AddAsync(scope, draft, Owner.Of(owner), template: null, everyone: false, actor, cancellationToken);
    }

    /// <summary>A server of the organisation, from a template or from an address. Administrators only.</summary>
    /// <param name="draft">What the administrator wrote.</param>
    /// <param name="templateKey">Needed for programs: the command is the template's.</param>
    /// <param name="everyone">Whether every member may use it at once; otherwise nobody until access is given.</param>
    /// <param name="actor">Who adds it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ServerEditResult> AddAsync(ServerDraft draft, string? templateKey, bool everyone, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        if (!await scope.IsAdminAsync(actor, cancellationToken))
        {
            return new ServerEditResult.NotAllowed(AdminCheck.Sentence);
        }

        var template = templateKey is null ? null : templates.Find(templateKey);
        if (templateKey is not null && template is null)
        {
            return new ServerEditResult.NotAllowed("This template is no longer approved.");
        }

        if (template?.Missing() is { } missing)
        {
            return new ServerEditResult.NotAllowed($"{template.Name} cannot be added: {missing}");
        }

        return await AddAsync(scope, Tidy(draft), Owner.Organisation, template, everyone, actor, cancellationToken);
    }

    /// <summary>Saves the draft over what was version <paramref name="version"/>. A changed destination suspends what was bound to the old one.</summary>
    public async Task<ServerEditResult> ChangeAsync(ServerId id, long version, ServerDraft draft, Actor actor, CancellationToken cancellationToken)
    {
        await using var found = await FindAsync(id, actor, cancellationToken);
        if (found is not { Server: { } server, Scope: { } scope })
        {
            return new ServerEditResult.NotFound();
        }

        if (server.Version != version)
        {
            return new ServerEditResult.ChangedMeanwhile();
        }

        draft = Tidy(draft) with { Slug = server.Slug };
        if (await FaultsAsync(scope, draft, server.OwnerKind, server.Transport, Declared(server), actor, cancellationToken) is { Count: > 0 } faults)
        {
            return new ServerEditResult.Invalid(faults);
        }

        var before = server.Destination;
        Apply(server, draft);
        var suspended = server.Destination == before ? 0 : await BoundAsync(scope, server.Id, before, cancellationToken);
        audit.Record(scope, AuditAction.ServerChanged, actor, "server", server.Id.ToString(), null,
            ("server", server.Slug), ("from", before == server.Destination ? null : before), ("to", before == server.Destination ? null : server.Destination),
            ("suspended", before == server.Destination ? null : suspended.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return await SaveAsync(scope, server, suspended, cancellationToken);
    }

    /// <summary>How many people's credentials the draft would suspend; null when it leaves the destination alone or is not theirs to make.</summary>
    public async Task<int?> WouldSuspendAsync(ServerId id, ServerDraft draft, Actor actor, CancellationToken cancellationToken)
    {
        await using var found = await FindAsync(id, actor, cancellationToken);
        if (found is not { Server: { } server, Scope: { } scope })
        {
            return null;
        }

        var before = server.Destination;
        var after = server.Transport == ServerTransport.Stdio ? ServerDestination.OfCommand(server.CommandLine, draft.Settings)
            : Uri.TryCreate(Tidy(draft).Url, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.IdnHost.Length > 0 ? ServerDestination.OfHttp(url)
            : before;
        return after == before ? null : await BoundAsync(scope, server.Id, before, cancellationToken);
    }

    /// <summary>Turns the server on or off; nothing of it is lost.</summary>
    public async Task<ServerEditResult> SetEnabledAsync(ServerId id, bool enabled, Actor actor, CancellationToken cancellationToken)
    {
        await using var found = await FindAsync(id, actor, cancellationToken);
        if (found is not { Server: { } server, Scope: { } scope })
        {
            return new ServerEditResult.NotFound();
        }

        if (server.Enabled == enabled)
        {
            return new ServerEditResult.Saved(server.Id, server.Slug, server.Version);
        }

        server.Enabled = enabled;
        audit.Record(scope, enabled ? AuditAction.ServerEnabled : AuditAction.ServerDisabled, actor, "server", server.Id.ToString(), null, ("server", server.Slug));
        return await SaveAsync(scope, server, 0, cancellationToken);
    }

    /// <summary>Removes the server for good, with what people stored for it.</summary>
    public async Task<ServerEditResult> RemoveAsync(ServerId id, Actor actor, CancellationToken cancellationToken)
    {
        await using var found = await FindAsync(id, actor, cancellationToken);
        if (found is not { Server: { } server, Scope: { } scope })
        {
            return new ServerEditResult.NotFound();
        }

        server.RemovedAt = time.GetUtcNow();
        server.Enabled = false;
        var secrets = await scope.Db.Secrets.Where(s => s.ServerId == id).ExecuteDeleteAsync(cancellationToken);
        await scope.Db.ServerCredentials.Where(c => c.ServerId == id).ExecuteDeleteAsync(cancellationToken);
        audit.Record(scope, AuditAction.ServerRemoved, actor, "server", server.Id.ToString(), null,
            ("server", server.Slug), ("secrets", secrets.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return await SaveAsync(scope, server, 0, cancellationToken);
    }

    /// <summary>Replaces the rules about who may use a server of the organisation.</summary>
    public async Task<ServerEditResult> SetAccessAsync(ServerId id, IReadOnlyList<AccessRule> access, Actor actor, CancellationToken cancellationToken)
    {
        await using var found = await FindAsync(id, actor, cancellationToken);
        if (found is not { Server: { OwnerKind: OwnerKind.Organisation } server, Scope: { } scope })
        {
            return new ServerEditResult.NotFound();
        }

        if (await UnknownSubjectAsync(scope, access, cancellationToken) is { } sentence)
        {
            return new ServerEditResult.Invalid("Access", sentence);
        }

        await scope.Db.ServerAccess.Where(a => a.ServerId == id).ExecuteDeleteAsync(cancellationToken);
        scope.Db.ServerAccess.AddRange(access.Select(rule => rule.For(id)));
        audit.Record(scope, AuditAction.ServerAccessChanged, actor, "server", id.ToString(), null,
            ("server", server.Slug), ("rules", string.Join("; ", access.Select(rule => rule.ToString()))));
        invalidations.Publish(scope, InvalidationKind.Server, id.Value);
        await scope.CommitAsync(cancellationToken);
        return new ServerEditResult.Saved(server.Id, server.Slug, server.Version);
    }

    private async Task<ServerEditResult> AddAsync(
        DatabaseScope scope, ServerDraft draft, Owner owner, ServerTemplate? template, bool everyone, Actor actor, CancellationToken cancellationToken)
    {
        var transport = template?.Transport ?? ServerTransport.Http;
        if (await FaultsAsync(scope, draft, owner.Kind, transport, template?.Settings.Keys ?? [], actor, cancellationToken) is { Count: > 0 } faults)
        {
            return new ServerEditResult.Invalid(faults);
        }

        var now = time.GetUtcNow();
        var server = new Server
        {
            Slug = draft.Slug,
            Name = draft.Name,
            OwnerKind = owner.Kind,
            OwnerId = owner.Id,
            Transport = transport,
            TemplateKey = template?.Key,
            CommandLine = template?.CommandLine ?? [],
            Destination = "",
            Version = 0,
            CreatedAt = now,
        };
        Apply(server, draft);
        scope.Db.Servers.Add(server);
        if (everyone)
        {
            scope.Db.ServerAccess.Add(new AccessRule(AccessSubject.Everyone, Guid.Empty, Allow: true).For(server.Id));
        }

        audit.Record(scope, AuditAction.ServerAdded, actor, "server", server.Id.ToString(), null,
            ("server", server.Slug), ("destination", server.Destination), ("template", server.TemplateKey), ("access", everyone ? "everyone" : null));
        return await SaveAsync(scope, server, 0, cancellationToken);
    }

    private async Task<ServerEditResult> SaveAsync(DatabaseScope scope, Server server, int suspended, CancellationToken cancellationToken)
    {
        server.Version++;
        server.UpdatedAt = time.GetUtcNow();
        invalidations.Publish(scope, InvalidationKind.Server, server.Id.Value);
        try
        {
            await scope.CommitAsync(cancellationToken);
            return new ServerEditResult.Saved(server.Id, server.Slug, server.Version, suspended);
        }
        catch (DbUpdateConcurrencyException)
        {
            return new ServerEditResult.ChangedMeanwhile();
        }
        catch (DbUpdateException e) when (DuplicateKey.Is(e))
        {
            return new ServerEditResult.Invalid(nameof(ServerDraft.Slug), Taken);
        }
    }

    private async Task<List<ServerFault>> FaultsAsync(
        DatabaseScope scope, ServerDraft draft, OwnerKind owner, ServerTransport transport, IEnumerable<string> settings, Actor actor, CancellationToken cancellationToken)
    {
        List<ServerFault> faults = [.. rules.Faults(draft, owner, transport, settings)];
        var providers = draft.Credentials.Select(need => need.Provider).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        // At start the providers may come after the servers.
        if (faults.Count == 0 && actor.User is not null && providers.Count > 0)
        {
            var known = await scope.Db.Providers.Where(p => providers.Contains(p.Slug)).Select(p => p.Slug).ToListAsync(cancellationToken);
            faults.AddRange(providers.Except(known, StringComparer.Ordinal).Select(slug => new ServerFault(nameof(ServerDraft.Credentials), $"The organisation has no provider '{slug}'.")));
        }

        return faults;
    }

    /// <summary>Settings can only be those that the server was approved with.</summary>
    private IEnumerable<string> Declared(Server server) =>
        server.Settings.Keys.Concat(server.TemplateKey is { } key ? templates.Find(key)?.Settings.Keys ?? [] : []);

    private static void Apply(Server server, ServerDraft draft)
    {
        server.Name = draft.Name;
        server.Description = draft.Description;
        server.Url = server.Transport == ServerTransport.Http ? draft.Url : null;
        server.Settings = draft.Settings;
        server.Credentials = draft.Credentials;
        server.TimeoutSeconds = draft.TimeoutSeconds;
        server.ProtocolPin = draft.ProtocolPin;
        server.Destination = server.Transport == ServerTransport.Http
            ? ServerDestination.OfHttp(new Uri(draft.Url!))
            : ServerDestination.OfCommand(server.CommandLine, draft.Settings);
    }

    private static ServerDraft Tidy(ServerDraft draft) => draft with
    {
        Slug = draft.Slug.Trim(),
        Name = ServerNames.Tidy(draft.Name),
        Description = ServerNames.Tidy(draft.Description) is { Length: > 0 } text ? text : null,
        Url = draft.Url?.Trim() is { Length: > 0 } url ? url : null,
        ProtocolPin = draft.ProtocolPin is { Length: > 0 } pin ? pin : null,
    };

    /// <summary>People with a credential bound to this destination of the server.</summary>
    private static async Task<int> BoundAsync(DatabaseScope scope, ServerId id, string destination, CancellationToken cancellationToken)
    {
        var secrets = await scope.Db.Secrets.Where(s => s.ServerId == id && s.Destination == destination && s.OwnerKind == OwnerKind.User).Select(s => s.OwnerId).Distinct().ToListAsync(cancellationToken);
        var links = await scope.Db.ServerCredentials.Where(c => c.ServerId == id && c.Destination == destination).Select(c => c.UserId).Distinct().ToListAsync(cancellationToken);
        return secrets.Union(links.Select(user => user.Value)).Count();
    }

    private static async Task<string?> UnknownSubjectAsync(DatabaseScope scope, IReadOnlyList<AccessRule> access, CancellationToken cancellationToken)
    {
        if (access.Count != access.DistinctBy(rule => (rule.Subject, rule.SubjectId)).Count())
        {
            return "Two rules name the same people. Keep one of them.";
        }

        foreach (var rule in access)
        {
            var known = rule.Subject switch
            {
                AccessSubject.Everyone => rule.SubjectId == Guid.Empty,
                AccessSubject.Group => await scope.Db.Groups.AnyAsync(g => g.Id == new GroupId(rule.SubjectId), cancellationToken),
                AccessSubject.User => await scope.Db.Users.AnyAsync(u => u.Id == new UserId(rule.SubjectId), cancellationToken),
                _ => false,
            };
            if (!known)
            {
                return "A rule names a group or person that does not exist.";
            }
        }

        return null;
    }

    /// <summary>The server in a transaction that may change it: the actor's own under row-level security, or the organisation's for an administrator.</summary>
    private async Task<Editable?> FindAsync(ServerId id, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.User is { } user)
        {
            var own = await database.ForUserAsync(user, cancellationToken);
            if (await own.Db.Servers.FirstOrDefaultAsync(s => s.Id == id && s.OwnerKind == OwnerKind.User && s.OwnerId == user.Value && s.RemovedAt == null, cancellationToken) is { } mine)
            {
                return new Editable(own, mine);
            }

            await own.DisposeAsync();
        }

        var system = await database.ForSystemAsync(cancellationToken);
        if (await system.IsAdminAsync(actor, cancellationToken)
            && await system.Db.Servers.FirstOrDefaultAsync(s => s.Id == id && s.OwnerKind == OwnerKind.Organisation && s.RemovedAt == null, cancellationToken) is { } server)
        {
            return new Editable(system, server);
        }

        await system.DisposeAsync();
        return null;
    }

    private sealed record Editable(DatabaseScope Scope, Server Server) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Scope.DisposeAsync();
    }
}
