using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Servers;

internal static class Drafts
{
    public static readonly CredentialNeed ApiKey = new() { Name = "api-key", Source = CredentialSource.Secret, Placement = CredentialPlacement.Header, Target = "X-Api-Key" };

    public static ServerDraft Http(string slug, string url = "https://mcp.example.com/mcp", params CredentialNeed[] needs) =>
        new() { Slug = slug, Name = $"Server {slug}", Url = url, Credentials = needs };

    public static async Task<ServerEditResult.Saved> AddAsync(this PortalServices portal, ServerDraft draft, bool everyone = true) =>
        Assert.IsType<ServerEditResult.Saved>(await portal.Get<ServerEditor>().AddAsync(draft, null, everyone, Actor.CommandLine, TestContext.Current.CancellationToken));

    public static async Task<ServerSnapshot> FindAsync(this PortalServices portal, UserId user, string slug)
    {
        portal.HearInvalidations();
        return Assert.IsType<ServerSnapshot>(await portal.Get<ServerCatalog>().FindAsync(user, slug, TestContext.Current.CancellationToken));
    }

    public static ServerSeeding Seeding(this PortalServices portal) => portal.Create<ServerSeeding>();
}
