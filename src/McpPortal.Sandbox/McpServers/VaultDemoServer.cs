using System.ComponentModel;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Sandbox.McpServers;

/// <summary><c>vault-demo</c>: wants its key in <c>X-Api-Key</c> and shows made-up entries that differ for each key.</summary>
internal static class VaultDemoServer
{
    private static readonly string[] Names = ["Greenhouse", "Library", "Boat house", "Attic", "Workshop", "Bakery"];

    public static void Map(IEndpointRouteBuilder routes) => SampleServer.Map(routes, "vault-demo", "Vault (demo)", new CallerCheck(Identify, "ApiKey realm=\"sandbox-vault\", header=\"X-Api-Key\""),
    [
        McpServerTool.Create(ReadVault, new() { Name = "read_vault", Title = "Read the vault", ReadOnly = true, OpenWorld = false, UseStructuredContent = true }),
    ]);

    private static McpCaller? Identify(HttpContext context)
    {
        if (context.Request.Headers["X-Api-Key"] is not { Count: 1 } values || values[0] is not { Length: >= 8 } key)
        {
            return null;
        }

        var hash = Randoms.Hash(key);
        return new McpCaller(hash, hash);
    }

    [Description("Lists the entries that belong to the key in use. The key itself is never part of an answer.")]
    private static VaultEntry[] ReadVault(RequestContext<CallToolRequestParams> request)
    {
        var owner = SampleServer.Caller(request).Owner;
        return [.. Names.Take(3).Select((_, index) => Entry(Randoms.Hash($"{owner}/{index}"), index))];
    }

    private static VaultEntry Entry(string hash, int index) =>
        new($"{Names[(Convert.ToInt32(hash[..4], 16) + index) % Names.Length]} {index + 1}", $"made-up-{hash[4..16]}");
}
