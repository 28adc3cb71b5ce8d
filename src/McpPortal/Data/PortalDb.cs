using Microsoft.EntityFrameworkCore;

namespace McpPortal.Data;

/// <summary>The portal's tables. Get one through <see cref="PortalDatabase"/>, which sets the user that row-level security checks.</summary>
public abstract class PortalDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();

    public DbSet<Identity> Identities => Set<Identity>();

    public DbSet<SignInSession> SignInSessions => Set<SignInSession>();

    public DbSet<Group> Groups => Set<Group>();

    public DbSet<GroupMember> GroupMembers => Set<GroupMember>();

    public DbSet<AccessKey> AccessKeys => Set<AccessKey>();

    public DbSet<ServiceKey> ServiceKeys => Set<ServiceKey>();

    public DbSet<ActAsConsent> ActAsConsents => Set<ActAsConsent>();

    public DbSet<RegisteredClient> RegisteredClients => Set<RegisteredClient>();

    public DbSet<ClientGrant> ClientGrants => Set<ClientGrant>();

    public DbSet<ClientCode> ClientCodes => Set<ClientCode>();

    public DbSet<ClientToken> ClientTokens => Set<ClientToken>();

    public DbSet<ClientSession> ClientSessions => Set<ClientSession>();

    public DbSet<Provider> Providers => Set<Provider>();

    public DbSet<Server> Servers => Set<Server>();

    public DbSet<ServerAccess> ServerAccess => Set<ServerAccess>();

    public DbSet<Toolset> Toolsets => Set<Toolset>();

    public DbSet<ToolsetServer> ToolsetServers => Set<ToolsetServer>();

    public DbSet<Connection> Connections => Set<Connection>();

    public DbSet<PendingConnect> PendingConnects => Set<PendingConnect>();

    public DbSet<Secret> Secrets => Set<Secret>();

    public DbSet<ServerCredential> ServerCredentials => Set<ServerCredential>();

    public DbSet<ToolCall> ToolCalls => Set<ToolCall>();

    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();

    public DbSet<RingKey> KeyRing => Set<RingKey>();

    public DbSet<OwnerKey> OwnerKeys => Set<OwnerKey>();

    public DbSet<Installation> Installation => Set<Installation>();

    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    public DbSet<Lease> Leases => Set<Lease>();

    public DbSet<InvalidationRow> Invalidations => Set<InvalidationRow>();

    public DbSet<NodeRow> Nodes => Set<NodeRow>();

    public DbSet<OutboxItem> Outbox => Set<OutboxItem>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        ArgumentNullException.ThrowIfNull(configurationBuilder);
        Id<UserId>();
        Id<GroupId>();
        Id<ServerId>();
        Id<ProviderId>();
        Id<ConnectionId>();
        Id<SecretId>();
        Id<PendingConnectId>();
        Id<CallId>();
        Id<SignInSessionId>();
        Id<NodeId>();
        Id<RegisteredClientId>();
        Id<ClientGrantId>();
        Id<ToolsetId>();
        Id<ClientSessionId>();
        configurationBuilder.Properties<Protected>().HaveConversion<ProtectedConverter>();

        void Id<T>()
            where T : struct, IGuidId<T> => configurationBuilder.Properties<T>().HaveConversion<GuidIdConverter<T>>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(PortalDb).Assembly);
        modelBuilder.Entity<InvalidationRow>().Property(i => i.At).HasDefaultValueSql(Database.IsNpgsql() ? "now()" : "sysutcdatetime()");
        if (Database.IsSqlServer())
        {
            // Two addresses that differ in case are two clients; the usual collation takes them for one.
            modelBuilder.Entity<RegisteredClient>().Property(c => c.ClientId).UseCollation("Latin1_General_100_BIN2");
        }

        SnakeCase.Apply(modelBuilder.Model);
    }
}
