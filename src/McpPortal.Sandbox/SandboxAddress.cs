using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace McpPortal.Sandbox;

/// <summary>The address that was really bound, without a trailing slash: the issuer and the root of every URL handed out.</summary>
internal sealed class SandboxAddress(IServer server)
{
    public string Value =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()?.TrimEnd('/')
        ?? throw new InvalidOperationException("The sandbox has not started yet.");
}
