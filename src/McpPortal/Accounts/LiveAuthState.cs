using System.Security.Claims;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace McpPortal.Accounts;

/// <summary>Keeps an open circuit as signed in as its sign-in is: told at once of changes, and checked every 30 seconds all the same.</summary>
internal sealed partial class LiveAuthState : RevalidatingServerAuthenticationStateProvider
{
    private readonly AccountStates _states;
    private readonly IDisposable _watch;
    private readonly ILogger<LiveAuthState> _logger;

    public LiveAuthState(AccountStates states, ILoggerFactory loggers)
        : base(loggers)
    {
        _states = states;
        _logger = loggers.CreateLogger<LiveAuthState>();
        _watch = states.Watch(OnChanged);
    }

    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(30);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        authenticationState.User.Identity?.IsAuthenticated != true || await StateAsync(authenticationState, cancellationToken) is not null;

    protected override void Dispose(bool disposing)
    {
        _watch.Dispose();
        base.Dispose(disposing);
    }

    private ValueTask<AccountState?> StateAsync(AuthenticationState current, CancellationToken cancellationToken) =>
        current.User.FindSignIn() is { } session && current.User.FindUserId() is { } user
            ? _states.GetAsync(session, user, cancellationToken)
            : ValueTask.FromResult<AccountState?>(null);

    private void OnChanged(Invalidation invalidation) => _ = ApplyAsync(invalidation);

    private async Task ApplyAsync(Invalidation invalidation)
    {
        // The callback must be quick: what follows runs on another thread.
        await Task.Yield();
        try
        {
            var current = await GetAuthenticationStateAsync();
            if (current.User.FindUserId() is not { } user || !AccountStates.Concerns(invalidation, user, current.User.FindSignIn()))
            {
                return;
            }

            var state = await StateAsync(current, CancellationToken.None);
            SetAuthenticationState(Task.FromResult(new AuthenticationState(state is null ? new ClaimsPrincipal(new ClaimsIdentity()) : PortalPrincipal.Create(state))));
        }
        catch (Exception e)
        {
            // Fail closed: a circuit that cannot be checked is nobody's.
            Log.NotChecked(_logger, e.GetType().Name);
            SetAuthenticationState(Task.FromResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity()))));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "An open page could not be checked ({Reason}) and is signed out")]
        public static partial void NotChecked(ILogger logger, string reason);
    }
}
