using McpPortal.Data;

namespace McpPortal.Clients.ActAs;

/// <summary>A program that acts for a person who allows it.</summary>
/// <param name="Program">Which.</param>
/// <param name="User">For whom.</param>
/// <param name="UserName">Their display name.</param>
internal sealed record ActAsHolder(ServiceHolder Program, UserId User, string UserName)
{
    /// <summary>Of a request to <c>/mcp</c> that <see cref="ServiceKeyHandler"/> let in; null when it came with something else.</summary>
    public static ActAsHolder? Of(HttpContext context) => context.Features.Get<ActAsHolder>();
}
