using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Clients.ActAs;
using McpPortal.Clients.OAuth;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Tests.Accounts;
using McpPortal.Toolsets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>One thing of each kind, all of one owner, and the ids by which others would ask for them.</summary>
internal sealed record Estate
{
    public static readonly CredentialNeed Key = new() { Name = "api-key", Source = CredentialSource.Secret, Placement = CredentialPlacement.Header, Target = "X-Api-Key" };
    private static readonly CredentialNeed GitHub = new() { Name = "github", Source = CredentialSource.Connection, Placement = CredentialPlacement.Bearer, Provider = "github", Scopes = ["repo"] };

    public required UserId Owner { get; init; }

    /// <summary>Enabled, with a secret and a linked connection.</summary>
    public required ServerSnapshot Server { get; init; }

    /// <summary>Switched off; its secret and its link are bound to an older address.</summary>
    public required ServerSnapshot Moved { get; init; }

    /// <summary>Of the organisation, for everybody.</summary>
    public required ServerSnapshot Shared { get; init; }

    public required SecretId Secret { get; init; }

    /// <summary>Of the shared server's tools.</summary>
    public required ToolsetId Toolset { get; init; }

    public required string ToolsetName { get; init; }

    public required ConnectionId Connection { get; init; }

    public required ConnectionId SecondConnection { get; init; }

    public required string KeyId { get; init; }

    public required string KeyText { get; init; }

    public required SignInSessionId SignIn { get; init; }

    public required CallId Call { get; init; }

    /// <summary>A client that has registered, which belongs to nobody.</summary>
    public required string Client { get; init; }

    /// <summary>What the owner allowed it.</summary>
    public required ClientGrantId Grant { get; init; }

    /// <summary>A client's session that was begun with the owner's key.</summary>
    public required ClientSessionId Session { get; init; }

    /// <summary>A group that the owner is in, and nobody else.</summary>
    public required GroupId Group { get; init; }

    /// <summary>A program for that group, which the owner lets act for them.</summary>
    public required string ServiceKey { get; init; }

    /// <summary>Another issuer, at which the owner has linked an account.</summary>
    public const string Issuer = "https://issuer.example";

    /// <summary>Where the portal is.</summary>
    public required string Portal { get; init; }

    /// <summary>The same ids, none of which exists.</summary>
    public Estate Missing() => this with
    {
        Owner = UserId.New(),
        Server = Server with { Id = ServerId.New(), Slug = "no-such-server" },
        Moved = Moved with { Id = ServerId.New(), Slug = "no-such-server-2" },
        Secret = SecretId.New(),
        Toolset = ToolsetId.New(),
        ToolsetName = "no-such-set",
        Connection = ConnectionId.New(),
        SecondConnection = ConnectionId.New(),
        KeyId = new string('0', KeyId.Length),
        SignIn = SignInSessionId.New(),
        Call = CallId.New(),
        Grant = ClientGrantId.New(),
        Session = ClientSessionId.New(),
        Group = GroupId.New(),
        ServiceKey = new string('0', ServiceKey.Length),
    };

    public static async Task<(Actors Actors, Estate Estate)> MakeAsync(PortalHost host, CancellationToken stop)
    {
        var actors = new Actors(
            await AddUserAsync(host, "Owner", Roles.None, stop), await AddUserAsync(host, "Other", Roles.None, stop), await AddUserAsync(host, "Disabled", Roles.Admin, stop, UserStatus.Disabled),
            await AddUserAsync(host, "Admin", Roles.Admin, stop), await AddUserAsync(host, "Auditor", Roles.Auditor, stop));
        var owner = actors.Owner;
        var provider = await ProviderAsync(host, stop);
        var by = Actor.Page(owner);
        var (editor, secrets) = (host.Services.GetRequiredService<ServerEditor>(), host.Services.GetRequiredService<SecretStore>());
        var server = await AddAsync(host, owner, "own", draft => editor.AddOwnAsync(owner, draft, by, stop), stop);
        var moved = await AddAsync(host, owner, "moved", draft => editor.AddOwnAsync(owner, draft, by, stop), stop);
        var shared = await AddAsync(host, owner, "shared", draft => editor.AddAsync(draft, null, everyone: true, Actor.CommandLine, stop), stop);
        var secret = Assert.IsType<SecretEditResult.Saved>(await secrets.SetAsync(owner, server, Key.Name, "fake-value-of-the-owner", by, stop)).Id;
        Assert.IsType<SecretEditResult.Saved>(await secrets.SetAsync(owner, moved with { Destination = "https://old.example:443" }, Key.Name, "fake-value-of-the-owner", by, stop));
        Assert.IsType<ServerEditResult.Saved>(await editor.SetEnabledAsync(moved.Id, enabled: false, by, stop));
        var set = $"set-{Guid.NewGuid():n}";
        Assert.IsType<ToolsetEditResult.Saved>(await host.Services.GetRequiredService<ToolsetEditor>().CreateAsync(new ToolsetDraft { Name = set, Servers = [new ToolsetChoice(shared.Id, null)] }, by, stop));
        var toolset = (await host.Services.GetRequiredService<ToolsetCatalog>().FindAsync(owner, set, stop))!.Id;
        var text = await host.Services.GetRequiredService<AccessKeys>().CreateAsync(owner, "of the owner", readOnly: false, null, null, by, stop);
        Assert.True(AccessKeyText.TryParse(text!, out var keyId));

        var group = await AddGroupAsync(host, owner, stop);
        var service = await host.Services.GetRequiredService<ServiceKeys>().CreateAsync("of the organisation", group, null, Actor.CommandLine, stop);
        Assert.True(AccessKeyText.TryParse(service!, ServiceKeys.Prefix, out var serviceKey));
        Assert.True(await host.Services.GetRequiredService<ActAsConsents>().SetAsync(owner, serviceKey!, allowed: true, by, stop));

        var client = await host.Services.GetRequiredService<RegisteredClients>().RegisterAsync(new ClientDetails("Client", ["https://client.example/callback"]), null, stop);

        await using var scope = await host.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(stop);
        var connections = new[] { "one", "two" }.Select(account => new Connection
        {
            OwnerId = owner.Value, ProviderId = provider, AccountId = account, Account = account, ClientId = "portal", CreatedAt = DateTimeOffset.UtcNow, ConnectedAt = DateTimeOffset.UtcNow,
        }).ToList();
        var signIn = new SignInSession { UserId = owner, Issuer = "https://idp.example", CreatedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) };
        var call = new ToolCall { UserId = owner, ServerSlug = server.Slug, Tool = "whoami", StartedAt = DateTimeOffset.UtcNow, Via = CallVia.Console, Result = CallResult.Succeeded };
        scope.Db.Identities.Add(new Identity { Issuer = Issuer, Subject = owner.ToString(), UserId = owner, CreatedAt = DateTimeOffset.UtcNow });
        scope.Db.Connections.AddRange(connections);
        scope.Db.ServerCredentials.AddRange(
            new ServerCredential { UserId = owner, ServerId = server.Id, Need = GitHub.Name, ConnectionId = connections[0].Id, Destination = server.Destination, AgreedAt = DateTimeOffset.UtcNow },
            new ServerCredential { UserId = owner, ServerId = moved.Id, Need = GitHub.Name, ConnectionId = connections[0].Id, Destination = "https://old.example:443", AgreedAt = DateTimeOffset.UtcNow });
        scope.Db.SignInSessions.Add(signIn);
        scope.Db.ToolCalls.Add(call);
        var grant = new ClientGrant
        {
            UserId = owner, ClientId = client.Id, ClientName = client.Name, ClientHost = "client.example", Scopes = ClientScopes.All,
            CreatedAt = DateTimeOffset.UtcNow, BeganAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        };
        scope.Db.ClientGrants.Add(grant);
        var session = new ClientSession
        {
            UserId = owner, AccessKeyId = keyId, OpenedWith = "of the owner", ClientName = "Client", Endpoint = "/mcp", NodeId = host.Services.GetRequiredService<ThisNode>().Id,
            CreatedAt = DateTimeOffset.UtcNow, LastActiveAt = DateTimeOffset.UtcNow,
        };
        scope.Db.ClientSessions.Add(session);
        await scope.CommitAsync(stop);
        return (actors, new Estate
        {
            Owner = owner, Server = server, Moved = moved, Shared = shared, Secret = secret, Toolset = toolset, ToolsetName = set, Connection = connections[0].Id, SecondConnection = connections[1].Id,
            KeyId = keyId!, KeyText = text!, SignIn = signIn.Id, Call = call.Id, Client = client.ClientId, Grant = grant.Id, Session = session.Id, Group = group, ServiceKey = serviceKey!, Portal = host.Address,
        });
    }

    /// <summary>Everything stored of the owner, as text: unchanged means untouched. When something was last used is written seconds after its use, and so left out.</summary>
    public async Task<string> StateAsync(PortalHost host, CancellationToken stop)
    {
        await using var source = NpgsqlDataSource.Create(host.Database.Owner);
        await using var command = source.CreateCommand(
            """
            select string_agg(line, E'\n' order by line) from (
                select (to_jsonb(t) - @later)::text as line from users t where id = @owner
                union all select (to_jsonb(t) - @later)::text from servers t where owner_id = @owner or id = @shared
                union all select (to_jsonb(t) - @later)::text from server_access t where server_id = @shared
                union all select (to_jsonb(t) - @later)::text from secrets t where owner_id = @owner
                union all select (to_jsonb(t) - @later)::text from connections t where owner_id = @owner
                union all select (to_jsonb(t) - @later)::text from server_credentials t where user_id = @owner
                union all select (to_jsonb(t) - @later)::text from access_keys t where user_id = @owner
                union all select (to_jsonb(t) - @later)::text from oauth_grants t where user_id = @owner
                union all select (to_jsonb(t) - @later)::text from mcp_sessions t where user_id = @owner
                union all select (to_jsonb(t) - @later)::text from sign_in_sessions t where user_id = @owner
                union all select (to_jsonb(t) - @later)::text from toolsets t where user_id = @owner
                union all select (to_jsonb(t) - @later)::text from toolset_servers t where user_id = @owner
                union all select (to_jsonb(t) - @later)::text from act_as_consents t where user_id = @owner
                union all select (to_jsonb(t) - @later)::text from service_keys t where id = @service
            ) everything
            """);
        command.Parameters.AddWithValue("later", (string[])["last_used_at", "last_used_from", "last_active_at", "in_use"]);
        command.Parameters.AddWithValue("owner", Owner.Value);
        command.Parameters.AddWithValue("shared", Shared.Id.Value);
        command.Parameters.AddWithValue("service", ServiceKey);
        return (string)(await command.ExecuteScalarAsync(stop))!;
    }

    private static async Task<ProviderId> ProviderAsync(PortalHost host, CancellationToken stop)
    {
        await using var scope = await host.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(stop);
        if (await scope.Db.Providers.FirstOrDefaultAsync(p => p.Slug == GitHub.Provider, stop) is { } known)
        {
            return known.Id;
        }

        var provider = new Provider { Slug = "github", Name = "GitHub", Kind = ProviderKind.GitHub, AuthorizationEndpoint = "https://github.example/authorize", TokenEndpoint = "https://github.example/token", ClientId = "portal" };
        scope.Db.Providers.Add(provider);
        await scope.CommitAsync(stop);
        return provider.Id;
    }

    private static async Task<GroupId> AddGroupAsync(PortalHost host, UserId member, CancellationToken stop)
    {
        await using var scope = await host.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(stop);
        var group = new Group { Name = $"Group {Guid.NewGuid():n}" };
        scope.Db.Groups.Add(group);
        scope.Db.GroupMembers.Add(new GroupMember { GroupId = group.Id, UserId = member });
        await scope.CommitAsync(stop);
        return group.Id;
    }

    private static async Task<UserId> AddUserAsync(PortalHost host, string name, Roles roles, CancellationToken stop, UserStatus status = UserStatus.Active)
    {
        await using var scope = await host.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(stop);
        var user = new User { DisplayName = $"{name} {Guid.NewGuid():n}", GrantedRoles = roles, Status = status };
        scope.Db.Users.Add(user);
        await scope.CommitAsync(stop);
        return user.Id;
    }

    private static async Task<ServerSnapshot> AddAsync(PortalHost host, UserId owner, string what, Func<ServerDraft, Task<ServerEditResult>> add, CancellationToken stop)
    {
        var slug = $"{what}-{Guid.NewGuid():n}"[..24];
        Assert.IsType<ServerEditResult.Saved>(await add(Draft(host, slug)));
        return Assert.IsType<ServerSnapshot>(await host.Services.GetRequiredService<ServerCatalog>().FindAsync(owner, slug, stop));
    }

    /// <summary>A server at an address that may be called and where nobody listens.</summary>
    public static ServerDraft Draft(PortalHost host, string slug) =>
        new() { Slug = slug, Name = slug, Url = host.Provider + "/mcp", Credentials = [Key, GitHub] };
}
