using System.Text.Json;
using McpPortal.Accounts;
using McpPortal.Admin;
using McpPortal.Calls;
using McpPortal.Clients;
using McpPortal.Clients.ActAs;
using McpPortal.Clients.Issuers;
using McpPortal.Clients.OAuth;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Home;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Sessions.Registry;
using McpPortal.TestConsole;
using McpPortal.Toolsets;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>The table: every action that a circuit reaches, tried by everybody with the owner's ids.</summary>
internal static class CircuitRows
{
    private const string OnlyOwner = "YNRNN";
    private const string EachForThemselves = "YYRYY";
    private const string OnlyAdmin = "NNNYN";
    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    public static IReadOnlyList<CircuitRow> All { get; } =
    [
        // Access keys
        Row("AccessKeys.CreateAsync(UserId, String, Boolean, IReadOnlyList<ServerId>, Nullable<DateTimeOffset>, Actor, CancellationToken)", EachForThemselves,
            async c => await c.Get<AccessKeys>().CreateAsync(c.Actor, "made", readOnly: false, null, null, c.By, c.Stop), "for oneself"),
        Row("AccessKeys.CreateAsync(UserId, String, Boolean, IReadOnlyList<ServerId>, Nullable<DateTimeOffset>, Actor, CancellationToken)", "YNNNN",
            async c => await c.Get<AccessKeys>().CreateAsync(c.Of.Owner, "made", readOnly: false, null, null, c.By, c.Stop), "in the owner's name"),
        Row("AccessKeys.CreateForToolsetsAsync(UserId, String, Boolean, IReadOnlyList<ToolsetId>, Nullable<DateTimeOffset>, Actor, CancellationToken)", EachForThemselves,
            async c => await c.Get<AccessKeys>().CreateForToolsetsAsync(c.Actor, "made", readOnly: false, [c.Of.Toolset], null, c.By, c.Stop), "for oneself; whose the set is matters when the key is used"),
        Row("AccessKeys.CreateForToolsetsAsync(UserId, String, Boolean, IReadOnlyList<ToolsetId>, Nullable<DateTimeOffset>, Actor, CancellationToken)", "YNNNN",
            async c => await c.Get<AccessKeys>().CreateForToolsetsAsync(c.Of.Owner, "made", readOnly: false, [c.Of.Toolset], null, c.By, c.Stop), "in the owner's name"),
        Row("AccessKeys.ListAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<AccessKeys>().ListAsync(c.Actor, c.Stop)).Any(k => k.Id == c.Of.KeyId)),
        Row("AccessKeys.RevokeAsync(UserId, String, Actor, CancellationToken)", OnlyOwner, async c => await c.Get<AccessKeys>().RevokeAsync(c.Actor, c.Of.KeyId, c.By, c.Stop)),

        // Clients that were let in
        Row("ClientGrants.ListAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<ClientGrants>().ListAsync(c.Actor, c.Stop)).Any(g => g.Id == c.Of.Grant)),
        Row("ClientGrants.RevokeAsync(UserId, ClientGrantId, Actor, CancellationToken)", OnlyOwner, async c => await c.Get<ClientGrants>().RevokeAsync(c.Actor, c.Of.Grant, c.By, c.Stop)),

        // Sessions of clients
        Row("ClientSessions.ListAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<ClientSessions>().ListAsync(c.Actor, c.Stop)).Any(s => s.Id == c.Of.Session)),
        Row("ClientSessions.EndAsync(UserId, ClientSessionId, Actor, CancellationToken)", OnlyOwner, async c => await c.Get<ClientSessions>().EndAsync(c.Actor, c.Of.Session, c.By, c.Stop)),
        Row("ClientSessions.EndAllAsync(UserId, Actor, CancellationToken)", OnlyOwner, async c => await c.Get<ClientSessions>().EndAllAsync(c.Actor, c.By, c.Stop) > 0, "one's own, of which the others have none"),

        // Programs that act for people
        Row("ActAsConsents.ListAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<ActAsConsents>().ListAsync(c.Actor, c.Stop)).Any(p => p.KeyId == c.Of.ServiceKey)),
        Row("ActAsConsents.SetAsync(UserId, String, Boolean, Actor, CancellationToken)", OnlyOwner,
            async c => await c.Get<ActAsConsents>().SetAsync(c.Actor, c.Of.ServiceKey, allowed: false, c.By, c.Stop), "of the owner's group"),
        Row("ActAsConsents.SetAsync(UserId, String, Boolean, Actor, CancellationToken)", "YNNNN",
            async c => await c.Get<ActAsConsents>().SetAsync(c.Of.Owner, c.Of.ServiceKey, allowed: false, c.By, c.Stop), "in the owner's name"),

        // Calls
        Row("ActivityQueries.ListAsync(UserId, ActivityFilter, IReadOnlyList<ActivityRow>, Int32, CancellationToken)", OnlyOwner,
            async c => (await c.Get<ActivityQueries>().ListAsync(c.Actor, ActivityFilter.None, [], 50, c.Stop)).Any(row => row.Id == c.Of.Call)),
        Row("ActivityQueries.ServersAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<ActivityQueries>().ServersAsync(c.Actor, c.Stop)).Contains(c.Of.Server.Slug)),
        Row("ConsoleCalls.ListServers.Invoke(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<ConsoleCalls>().Servers(c.Actor, c.Stop)).Any(s => s.Id == c.Of.Server.Id)),
        Row("ConsoleCalls.ListTools.Invoke(UserId, String, CancellationToken)", OnlyOwner, async c => await c.Get<ConsoleCalls>().Tools(c.Actor, c.Of.Server.Slug, c.Stop)),
        Row("ConsoleCalls.CallTool.Invoke(UserId, String, String, JsonElement, Action<CallProgress>, CancellationToken)", OnlyOwner,
            async c => await c.Get<ConsoleCalls>().Call(c.Actor, c.Of.Server.Slug, "whoami", NoArguments, _ => { }, c.Stop)),
        Row("CredentialStates.ForAsync(UserId, ServerSnapshot, CancellationToken)", OnlyOwner,
            async c => (await c.Get<CredentialStates>().ForAsync(c.Actor, c.Of.Server, c.Stop)).Any(state => state.Status == CredentialStatus.Ready)),
        Row("HomeQueries.GetAsync(UserId, CancellationToken)", OnlyOwner,
            async c => await c.Get<HomeQueries>().GetAsync(c.Actor, c.Stop) is var home && (home.Connections.Any(x => x.Connection.Id == c.Of.Connection) || home.Calls.Any(x => x.Id == c.Of.Call))),

        // Connections
        Row("MyConnections.ConfirmDestinationAsync(UserId, ServerSnapshot, String, CancellationToken)", EachForThemselves,
            async c => await c.Get<MyConnections>().ConfirmDestinationAsync(c.Actor, c.Of.Moved, c.Of.Moved.Destination, c.Stop), "for one's own links, of which the others have none"),
        Row("MyConnections.DisconnectAsync(UserId, ConnectionId, Actor, CancellationToken)", OnlyOwner, async c => await c.Get<MyConnections>().DisconnectAsync(c.Actor, c.Of.Connection, c.By, c.Stop)),
        Row("MyConnections.FindAsync(UserId, ConnectionId, CancellationToken)", OnlyOwner, async c => await c.Get<MyConnections>().FindAsync(c.Actor, c.Of.Connection, c.Stop)),
        Row("MyConnections.LabelAsync(UserId, ConnectionId, String, CancellationToken)", OnlyOwner, async c => await c.Get<MyConnections>().LabelAsync(c.Actor, c.Of.Connection, "mine", c.Stop)),
        Row("MyConnections.ListAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<MyConnections>().ListAsync(c.Actor, c.Stop)).Any(x => x.Id == c.Of.Connection)),
        Row("MyConnections.MovedAsync(UserId, ServerSnapshot, CancellationToken)", OnlyOwner, async c => (await c.Get<MyConnections>().MovedAsync(c.Actor, c.Of.Moved, c.Stop)).Count > 0),
        Row("MyConnections.ReplaceAsync(UserId, ConnectionId, ConnectionId, CancellationToken)", OnlyOwner,
            async c => await c.Get<MyConnections>().ReplaceAsync(c.Actor, c.Of.Connection, c.Of.SecondConnection, c.Stop)),

        // One's own account
        Row("MyProfile.GetAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<MyProfile>().GetAsync(c.Actor, c.Stop)).SignIns.Any(s => s.Id == c.Of.SignIn)),
        Row("MyProfile.EndAsync(UserId, SignInSessionId, CancellationToken)", "YNNNN", async c => await c.Get<MyProfile>().EndAsync(c.Actor, c.Of.SignIn, c.Stop)),
        Row("MyProfile.EndOthersAsync(UserId, Nullable<SignInSessionId>, CancellationToken)", OnlyOwner, async c =>
        {
            await c.Get<MyProfile>().EndOthersAsync(c.Actor, null, c.Stop);
            return await c.Get<AccountStates>().GetAsync(c.Of.SignIn, c.Of.Owner, c.Stop) is null && c.Actor == c.Of.Owner;
        }),

        Row("IssuerLinks.ListAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<IssuerLinks>().ListAsync(c.Actor, c.Stop)).Any(i => i.Subject == c.Of.Owner.ToString())),
        Row("IssuerLinks.RemoveAsync(UserId, String, Actor, CancellationToken)", "YNNNN", async c => await c.Get<IssuerLinks>().RemoveAsync(c.Of.Owner, Estate.Issuer, c.By, c.Stop), "the owner's"),

        // Secrets
        Row("SecretStore.ConfirmDestinationAsync(UserId, ServerSnapshot, String, Actor, CancellationToken)", OnlyOwner,
            async c => await c.Get<SecretStore>().ConfirmDestinationAsync(c.Actor, c.Of.Moved, c.Of.Moved.Destination, c.By, c.Stop)),
        Row("SecretStore.DeleteAsync(UserId, SecretId, Actor, CancellationToken)", OnlyOwner, async c => await c.Get<SecretStore>().DeleteAsync(c.Actor, c.Of.Secret, c.By, c.Stop)),
        Row("SecretStore.DeleteAsync(UserId, ServerSnapshot, String, Actor, CancellationToken)", OnlyOwner,
            async c => await c.Get<SecretStore>().DeleteAsync(c.Actor, c.Of.Server, Estate.Key.Name, c.By, c.Stop)),
        Row("SecretStore.ListAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<SecretStore>().ListAsync(c.Actor, c.Stop)).Any(s => s.Id == c.Of.Secret)),
        Row("SecretStore.SetAsync(UserId, ServerSnapshot, String, String, Actor, CancellationToken)", "YRRRR",
            async c => await c.Get<SecretStore>().SetAsync(c.Actor, c.Of.Server, Estate.Key.Name, "fake-value-of-somebody", c.By, c.Stop)),

        // Servers
        Row("EditableServers.FindAsync(String, Actor, CancellationToken)", OnlyOwner, async c => await c.Get<EditableServers>().FindAsync(c.Of.Server.Slug, c.By, c.Stop), "a member's"),
        Row("EditableServers.FindAsync(String, Actor, CancellationToken)", "NNRYN", async c => await c.Get<EditableServers>().FindAsync(c.Of.Shared.Slug, c.By, c.Stop), "the organisation's"),
        Row("EditableServers.ListOwnDisabledAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<EditableServers>().ListOwnDisabledAsync(c.Actor, c.Stop)).Any(s => s.Id == c.Of.Moved.Id)),
        Row("ServerCatalog.FindAsync(UserId, String, CancellationToken)", OnlyOwner, async c => await c.Get<ServerCatalog>().FindAsync(c.Actor, c.Of.Server.Slug, c.Stop)),
        Row("ServerCatalog.ListAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<ServerCatalog>().ListAsync(c.Actor, c.Stop)).Any(s => s.Id == c.Of.Server.Id)),
        Row("ServerEditor.AddOwnAsync(UserId, ServerDraft, Actor, CancellationToken)", EachForThemselves, async c => await c.Get<ServerEditor>().AddOwnAsync(c.Actor, Draft(c), c.By, c.Stop)),
        Row("ServerEditor.AddAsync(ServerDraft, String, Boolean, Actor, CancellationToken)", "RRRYR", async c => await c.Get<ServerEditor>().AddAsync(Draft(c), null, everyone: true, c.By, c.Stop)),
        .. Edits("ServerEditor.ChangeAsync(ServerId, Int64, ServerDraft, Actor, CancellationToken)",
            (c, server) => c.Get<ServerEditor>().ChangeAsync(server.Id, server.Version, Draft(c) with { Name = "Changed" }, c.By, c.Stop)),
        .. Edits("ServerEditor.SetEnabledAsync(ServerId, Boolean, Actor, CancellationToken)", (c, server) => c.Get<ServerEditor>().SetEnabledAsync(server.Id, enabled: false, c.By, c.Stop)),
        .. Edits("ServerEditor.RemoveAsync(ServerId, Actor, CancellationToken)", (c, server) => c.Get<ServerEditor>().RemoveAsync(server.Id, c.By, c.Stop)),
        Row("ServerEditor.WouldSuspendAsync(ServerId, ServerDraft, Actor, CancellationToken)", OnlyOwner,
            async c => await c.Get<ServerEditor>().WouldSuspendAsync(c.Of.Server.Id, Draft(c) with { Url = "https://elsewhere.example/mcp" }, c.By, c.Stop), "a member's"),
        Row("ServerEditor.WouldSuspendAsync(ServerId, ServerDraft, Actor, CancellationToken)", "NNRYN",
            async c => await c.Get<ServerEditor>().WouldSuspendAsync(c.Of.Shared.Id, Draft(c) with { Url = "https://elsewhere.example/mcp" }, c.By, c.Stop), "the organisation's"),
        Row("ServerEditor.SetAccessAsync(ServerId, IReadOnlyList<AccessRule>, Actor, CancellationToken)", "NNRNN",
            async c => await c.Get<ServerEditor>().SetAccessAsync(c.Of.Server.Id, [], c.By, c.Stop), "a member's, which has no rules"),
        Row("ServerEditor.SetAccessAsync(ServerId, IReadOnlyList<AccessRule>, Actor, CancellationToken)", "NNRYN",
            async c => await c.Get<ServerEditor>().SetAccessAsync(c.Of.Shared.Id, [], c.By, c.Stop), "the organisation's"),

        // Toolsets
        Row("ToolsetCatalog.FindAsync(UserId, String, CancellationToken)", OnlyOwner, async c => await c.Get<ToolsetCatalog>().FindAsync(c.Actor, c.Of.ToolsetName, c.Stop)),
        Row("ToolsetCatalog.ListAsync(UserId, CancellationToken)", OnlyOwner, async c => (await c.Get<ToolsetCatalog>().ListAsync(c.Actor, c.Stop)).Any(set => set.Id == c.Of.Toolset)),
        Row("ToolsetEditor.CreateAsync(ToolsetDraft, Actor, CancellationToken)", EachForThemselves, async c => await c.Get<ToolsetEditor>().CreateAsync(Set(c), c.By, c.Stop)),
        Row("ToolsetEditor.ChangeAsync(ToolsetId, Int64, ToolsetDraft, Actor, CancellationToken)", OnlyOwner, async c => await c.Get<ToolsetEditor>().ChangeAsync(c.Of.Toolset, 1, Set(c), c.By, c.Stop)),
        Row("ToolsetEditor.DeleteAsync(ToolsetId, Actor, CancellationToken)", OnlyOwner, async c => await c.Get<ToolsetEditor>().DeleteAsync(c.Of.Toolset, c.By, c.Stop)),
        Row("ListOwnTools.Invoke(UserId, String, CancellationToken)", OnlyOwner, async c => await c.Get<ListOwnTools>()(c.Actor, c.Of.Server.Slug, c.Stop)),

        // Administration
        Row("AdminServers.FindSubjectsAsync(Actor, String, CancellationToken)", OnlyAdmin, async c => (await c.Get<AdminServers>().FindSubjectsAsync(c.By, "Owner", c.Stop)).Count > 0),
        Row("AdminServers.ListAsync(Actor, CancellationToken)", OnlyAdmin, async c => (await c.Get<AdminServers>().ListAsync(c.By, c.Stop)).Any(row => row.Server.Id == c.Of.Shared.Id)),
        Row("DashboardQueries.GetAsync(UserId, DashboardPeriod, CancellationToken)", "NNNYY", async c => await c.Get<DashboardQueries>().GetAsync(c.Actor, DashboardPeriod.Hour, c.Stop)),
        Row("PeopleAdmin.ListAsync(UserId, CancellationToken)", OnlyAdmin, async c => await c.Get<PeopleAdmin>().ListAsync(c.Actor, c.Stop)),
        Row("PeopleAdmin.WhatStopsAsync(UserId, UserId, CancellationToken)", OnlyAdmin, async c => await c.Get<PeopleAdmin>().WhatStopsAsync(c.Actor, c.Of.Owner, c.Stop)),
        Row("PeopleAdmin.DisableAsync(UserId, UserId, CancellationToken)", OnlyAdmin, async c => await c.Get<PeopleAdmin>().DisableAsync(c.Actor, c.Of.Owner, c.Stop)),
        Row("PeopleAdmin.EnableAsync(UserId, UserId, CancellationToken)", OnlyAdmin, async c => await c.Get<PeopleAdmin>().EnableAsync(c.Actor, c.Of.Owner, c.Stop)),
        Row("PeopleAdmin.GrantAdminAsync(UserId, UserId, CancellationToken)", OnlyAdmin, async c => await c.Get<PeopleAdmin>().GrantAdminAsync(c.Actor, c.Of.Owner, c.Stop)),
        Row("SessionsAdmin.ListAsync(UserId, CancellationToken)", "NNNYY", async c => (await c.Get<SessionsAdmin>().ListAsync(c.Actor, c.Stop))?.Sessions.Any(row => row.Session.Id == c.Of.Session)),
        Row("SessionsAdmin.EndAsync(UserId, ClientSessionId, CancellationToken)", OnlyAdmin, async c => await c.Get<SessionsAdmin>().EndAsync(c.Actor, c.Of.Session, c.Stop)),
        Row("SessionsAdmin.EndAllAsync(UserId, UserId, CancellationToken)", OnlyAdmin, async c => await c.Get<SessionsAdmin>().EndAllAsync(c.Actor, c.Of.Owner, c.Stop) > 0),
        Row("PeopleAdmin.RevokeAdminAsync(UserId, UserId, CancellationToken)", OnlyAdmin, async c => await c.Get<PeopleAdmin>().RevokeAdminAsync(c.Actor, c.Of.Owner, c.Stop)),

        Row("ProgramsAdmin.ListAsync(UserId, CancellationToken)", OnlyAdmin, async c => (await c.Get<ProgramsAdmin>().ListAsync(c.Actor, c.Stop))?.Keys.Any(k => k.Id == c.Of.ServiceKey)),
        Row("ProgramsAdmin.CreateAsync(UserId, String, GroupId, Nullable<DateTimeOffset>, CancellationToken)", OnlyAdmin,
            async c => await c.Get<ProgramsAdmin>().CreateAsync(c.Actor, "made", c.Of.Group, null, c.Stop)),
        Row("ProgramsAdmin.RevokeAsync(UserId, String, CancellationToken)", OnlyAdmin, async c => await c.Get<ProgramsAdmin>().RevokeAsync(c.Actor, c.Of.ServiceKey, c.Stop)),

        // Nobody's in particular
        new("FormTargets.Allow(HttpContext, Uri)", "", null, "a header of the same response"),
        new("FormTargets.AllowOnwards(HttpContext, Uri)", "", null, "a header of the same response"),
        new("KeySignIn.TryAsync(HttpContext, String)", "", null, "the form of single-user mode: a posted request, outside circuits"),
        new("ProviderDirectory.FindAsync(String, CancellationToken)", "", null, "names and addresses of the organisation's providers; the client secret in it is ciphertext"),
        new("ProviderDirectory.ListAsync(CancellationToken)", "", null, "names and addresses of the organisation's providers; the client secret in it is ciphertext"),
        new("PublicUrl.Absolute(String)", "", null, "the portal's own address"),
        new("ServerTemplates.Find(String)", "", null, "templates hold no person's data"),
    ];

    private static CircuitRow Row(string method, string expected, Func<CircuitCell, Task<object?>> attempt, string about = "") => new(method, expected, attempt, about);

    private static CircuitRow[] Edits(string method, Func<CircuitCell, ServerSnapshot, Task<ServerEditResult>> edit) =>
    [
        new(method, OnlyOwner, async c => await edit(c, c.Of.Server), "a member's"),
        new(method, "NNRYN", async c => await edit(c, c.Of.Shared), "the organisation's"),
    ];

    private static ServerDraft Draft(CircuitCell cell) => Estate.Draft(cell.Host, $"new-{Guid.NewGuid():n}"[..24]);

    private static ToolsetDraft Set(CircuitCell cell) => new() { Name = $"new-{Guid.NewGuid():n}"[..24], Servers = [new ToolsetChoice(cell.Of.Shared.Id, null)] };
}
