namespace McpPortal.Clients.OAuth;

/// <summary>Tells a client without a good credential how to get one (RFC 9728 §5.1).</summary>
internal sealed class McpChallenge(PortalAddress address)
{
    public string Of(HttpContext context, string? error = null)
    {
        if (!McpResource.IsAsked(context))
        {
            return "Bearer";
        }

        var metadata = address.Absolute(context, ProtectedResource.WellKnown + PortalAddress.PathOf(KnownName(McpResource.NameOf(context))));
        return $"Bearer {(error is null ? "" : $"error=\"{error}\", ")}resource_metadata=\"{metadata}\", scope=\"{ClientScopes.Join(ClientScopes.All)}\"";
    }

    /// <summary>What could be no name must not get into a header.</summary>
    private static string? KnownName(string? resource) => resource is not null && McpResource.IsName(resource) ? resource : null;
}
