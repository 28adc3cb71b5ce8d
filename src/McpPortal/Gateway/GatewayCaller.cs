using McpPortal.Calls;
using McpPortal.Clients;
using McpPortal.Clients.ActAs;
using McpPortal.Clients.Issuers;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>Who asks: taken from each request, never from the session that the request belongs to.</summary>
internal static class GatewayCaller
{
    private const string Item = "portal.caller";

    public static Caller Of(HttpContext context)
    {
        if (TokenHolder.Of(context) is { } token)
        {
            return new Caller(token.User, CallVia.Gateway, token.Client, ReadOnly: token.ReadOnly, Servers: token.Server is { } only ? [only] : null, Toolsets: token.Toolset is { } set ? [set] : null);
        }

        if (IssuerHolder.Of(context) is { } person)
        {
            return new Caller(person.User, CallVia.Gateway, person.Client, ReadOnly: !person.Token.MayCall);
        }

        if (ActAsHolder.Of(context) is { } acting)
        {
            return new Caller(acting.User, CallVia.Gateway, acting.Program.Name, ServiceKeyId: acting.Program.KeyId);
        }

        var key = KeyHolder.Of(context);
        return new Caller(key.User, CallVia.Gateway, key.KeyName, key.KeyId, key.ReadOnly, key.Servers, key.Toolsets);
    }

    public static void Note(HttpContext context, IDictionary<string, object?> items) => items[Item] = Of(context);

    public static Caller Of(JsonRpcRequest request) => (Caller)request.Context!.Items![Item]!;
}
