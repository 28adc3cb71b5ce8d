using McpPortal.Sandbox.Faults;

namespace McpPortal.Sandbox.Google;

internal sealed class GoogleIssuer(SandboxAddress address, FaultSwitches faults)
{
    public string Value => $"{address.Value}/google";

    public string InRedirect => faults.For("google/authorize").Issuer ?? Value;

    public string InIdToken => faults.For("google/token").Issuer ?? Value;
}
