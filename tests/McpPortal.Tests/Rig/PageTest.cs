using System.Security.Claims;
using Bunit;
using McpPortal.Accounts;
using McpPortal.Data;
using McpPortal.Tests.StreamableHttp;
using McpPortal.Tests.Ui;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Rig;

/// <summary>Base of tests of whole pages: the real services over a real database, somebody signed in, and a database that does not answer.</summary>
public abstract class PageTest(PostgresCluster cluster) : ComponentTest, IAsyncLifetime
{
    private PortalDatabase? _deaf;
    private PortalServices? _portal;

    private protected ManualTime Clock { get; } = new();

    private protected static CancellationToken Stop => Xunit.TestContext.Current.CancellationToken;

    private protected PortalServices Portal => _portal!;

    private protected PortalDatabase Database => Portal.Database;

    private protected UserId Ana { get; private set; }

    private protected UserId Ben { get; private set; }

    /// <summary>Nobody listens at its address.</summary>
    private protected PortalDatabase DeafDatabase => _deaf ??= new PortalDatabase(new DatabaseOptions { App = Nowhere, System = Nowhere, Migrate = Nowhere });

    private static string Nowhere { get; } = $"Host=127.0.0.1;Port={Ports.Free()};Username=nobody;Database=none;Timeout=2";

    public virtual async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop);
        (Ana, Ben) = (await Portal.AddUserAsync("ana"), await Portal.AddUserAsync("ben"));
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await base.DisposeAsync();
        if (_deaf is not null)
        {
            await _deaf.DisposeAsync();
        }

        await Portal.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>As on a page with a circuit. Services can be added until then.</summary>
    private protected IRenderedComponent<T> Open<T>()
        where T : IComponent
    {
        Services.AddSingleton<TimeProvider>(Clock);
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        return Render<T>();
    }

    private protected void SignIn(UserId user, Roles roles = Roles.None, SignInSessionId? session = null)
    {
        // bUnit's stand-ins know a name only; pages read the claims that the portal itself makes.
        var claims = session is { } sid ? new[] { new Claim(PortalClaims.SignIn, sid.ToString()) } : [];
        Services.AddAuthorizationCore();
        Services.AddSingleton<IAuthorizationPolicyProvider, DefaultAuthorizationPolicyProvider>();
        Services.AddSingleton<IAuthorizationService, DefaultAuthorizationService>();
        Services.AddSingleton<AuthenticationStateProvider>(new SignedIn(new ClaimsPrincipal(PortalClaims.Identity("test", user, "somebody", roles, claims))));
        Services.AddCascadingAuthenticationState();
    }

    private protected void Use<T>(T service)
        where T : class => Services.AddSingleton(service);

    private protected async Task AddAsync<T>(params IEnumerable<T> rows)
        where T : class
    {
        await using var scope = await Database.ForSystemAsync(Stop);
        scope.Db.AddRange(rows);
        await scope.CommitAsync(Stop);
    }

    private protected static ToolCall Call(UserId user, DateTimeOffset at, string tool = "list_emails", string server = "email", CallResult result = CallResult.Succeeded, double ms = 20, string? account = null) => new()
    {
        UserId = user, ServerId = ServerOf(server), ServerSlug = server, Tool = tool, Via = CallVia.Console, Account = account, Result = result,
        Sentence = result == CallResult.Succeeded ? null : "It did not work.", StartedAt = at, DurationMs = ms, UpstreamMs = ms, RequestBytes = 10, ResponseBytes = 2000,
    };

    private sealed class SignedIn(ClaimsPrincipal person) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(person));
    }

    /// <summary>The same server each time it is named.</summary>
    private static ServerId ServerOf(string slug) => new(new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(slug)).AsSpan(0, 16)));
}
