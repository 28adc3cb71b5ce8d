using System.Net;
using McpPortal.Accounts;
using Microsoft.AspNetCore.HostFiltering;

namespace McpPortal.Hosting;

/// <summary>
/// Single-user mode serves this machine and nobody else: the portal does not start on any other address, and answers to no other name
/// (a page elsewhere may point its own name here: DNS rebinding).
/// </summary>
internal static class LoopbackOnly
{
    public static void ListenOnLoopbackOnly(this WebApplicationBuilder builder)
    {
        // For every endpoint, wherever it was configured, before it is bound.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            if (endpoint.IPEndPoint is null || !IPAddress.IsLoopback(endpoint.IPEndPoint.Address))
            {
                throw new InvalidOperationException(
                    $"{SingleUserMode.Key} is on, and the portal was told to listen on {endpoint}. In this mode it serves this machine only: write 'http://localhost:5080' (--urls, ASPNETCORE_URLS or Kestrel:Endpoints).");
            }
        }));
        builder.Services.Configure<HostFilteringOptions>(filter => (filter.AllowedHosts, filter.AllowEmptyHosts, filter.IncludeFailureMessage) = ([.. SingleUserMode.Hosts], false, false));
    }
}
