using System.Collections.Concurrent;
using McpPortal.Clients.Issuers;
using McpPortal.Clients.OAuth;
using McpPortal.Coordination;
using McpPortal.Data;

namespace McpPortal.Clients;

/// <summary>
/// The requests of MCP clients that are being answered. One may stay open for hours, to hear what changes; when its key or token is
/// withdrawn meanwhile it ends at once, on whichever node it is.
/// </summary>
internal sealed class OpenRequests
{
    private readonly ConcurrentDictionary<OpenRequest, bool> _open = new();
    private readonly AccessKeys _keys;
    private readonly ClientTokens _tokens;
    private readonly IssuerCallers _callers;

    public OpenRequests(Invalidations invalidations, AccessKeys keys, ClientTokens tokens, IssuerCallers callers)
    {
        // All were made before this and subscribed before it, so they have forgotten what was withdrawn when they are asked about it.
        (_keys, _tokens, _callers) = (keys, tokens, callers);
        invalidations.Subscribe(OnInvalidation);
    }

    /// <summary>Watches a request with an access key until it is answered.</summary>
    /// <returns>False: the key was withdrawn between the first look and now.</returns>
    public ValueTask<bool> AddKeyAsync(HttpContext context, UserId user, string key) => AddAsync(context, user, async stop => await _keys.VerifyAsync(key, stop) is not null);

    /// <summary>The same with a token.</summary>
    public ValueTask<bool> AddTokenAsync(HttpContext context, UserId user, string token) => AddAsync(context, user, async stop => await _tokens.VerifyAsync(token, stop) is not null);

    /// <summary>The same with a token of an external issuer.</summary>
    public ValueTask<bool> AddIssuerTokenAsync(HttpContext context, UserId user, string token) => AddAsync(context, user, async stop => await _callers.VerifyAsync(token, stop) is IssuerVerdict.Accepted);

    private ValueTask<bool> AddAsync(HttpContext context, UserId user, Func<CancellationToken, ValueTask<bool>> isGood)
    {
        var request = new OpenRequest(context, user, isGood, ended => _open.TryRemove(ended, out _));
        _open[request] = true;
        context.Response.RegisterForDispose(request);
        return isGood(context.RequestAborted);
    }

    private void OnInvalidation(Invalidation invalidation)
    {
        if (invalidation.Kind is not (InvalidationKind.Everything or InvalidationKind.User or InvalidationKind.AccessKeys or InvalidationKind.ClientGrants))
        {
            return;
        }

        foreach (var (request, _) in _open)
        {
            if (invalidation.Kind == InvalidationKind.Everything || request.User.Value == invalidation.Subject)
            {
                _ = Task.Run(request.CheckAsync);
            }
        }
    }
}
