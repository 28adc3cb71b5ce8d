using McpPortal.Accounts;
using McpPortal.Ui;

namespace McpPortal.Clients.OAuth;

/// <summary>
/// The addresses by which MCP clients know the portal. They come from <c>Portal:PublicUrl</c>; only in Development and in single-user mode,
/// where other names than this machine's are refused anyway, does a portal without it go by the address of the request.
/// </summary>
internal sealed class PortalAddress(IConfiguration configuration, IHostEnvironment environment, SingleUserMode mode, PublicUrl publicUrl)
{
    private const string Endpoint = "/mcp";
    private readonly bool _ofRequest = configuration["Portal:PublicUrl"] is null && (environment.IsDevelopment() || mode.IsOn);

    /// <summary>Identifies the authorization server (RFC 8414 §2), without a slash at the end.</summary>
    public string Issuer(HttpContext context) =>
        _ofRequest ? $"{context.Request.Scheme}://{context.Request.Host}" : publicUrl.Value.GetLeftPart(UriPartial.Authority);

    public string Absolute(HttpContext context, string path) => Issuer(context) + path;

    /// <summary>Identifies what a token is for (RFC 8707 §2).</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">See <see cref="McpResource.NameOf"/>; null for all of <c>/mcp</c>.</param>
    public string Resource(HttpContext context, string? name) => Absolute(context, PathOf(name));

    public static string PathOf(string? name) => name is null ? Endpoint : $"{Endpoint}/{name}";

    /// <summary>Reads such an identifier; one that is left out means all of <c>/mcp</c>.</summary>
    /// <returns>False: it names something else than the portal's endpoints.</returns>
    public bool TryReadResource(HttpContext context, string? resource, out string? name)
    {
        name = null;
        var all = Resource(context, null);
        if (resource is null || resource == all)
        {
            return true;
        }

        if (!resource.StartsWith(all + "/", StringComparison.Ordinal))
        {
            return false;
        }

        name = resource[(all.Length + 1)..];
        return McpResource.IsName(name);
    }
}
