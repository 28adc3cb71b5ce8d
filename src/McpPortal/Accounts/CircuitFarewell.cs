using McpPortal.Accounts.Oidc;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace McpPortal.Accounts;

/// <summary>Takes an open page away as soon as its sign-in ends, and has it made anew when a role is gone: what it shows may not be shown any more.</summary>
internal sealed class CircuitFarewell(AuthenticationStateProvider authentication, NavigationManager navigation) : CircuitHandler
{
    public const string Page = "/signed-out";

    private static readonly string[] Roles = [PortalClaims.AdminRole, PortalClaims.AuditorRole];
    private string[] _had = [];

    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        var person = (await authentication.GetAuthenticationStateAsync()).User;
        _had = [.. Roles.Where(person.IsInRole)];
        authentication.AuthenticationStateChanged += OnChanged;
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        authentication.AuthenticationStateChanged -= OnChanged;
        return Task.CompletedTask;
    }

    private void OnChanged(Task<AuthenticationState> change) => _ = FollowAsync(change);

    private async Task FollowAsync(Task<AuthenticationState> change)
    {
        var person = (await change).User;
        if (person.Identity?.IsAuthenticated != true)
        {
            navigation.NavigateTo(navigation.GetUriWithQueryParameters(Page, new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["returnUrl"] = LocalPath.OrHome("/" + navigation.ToBaseRelativePath(navigation.Uri)),
            }), forceLoad: true);
        }
        else if (!_had.All(person.IsInRole))
        {
            navigation.Refresh(forceReload: true);
        }

        _had = [.. Roles.Where(person.IsInRole)];
    }
}
