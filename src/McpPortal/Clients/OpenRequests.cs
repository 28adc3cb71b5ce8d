using System.Collections.Concurrent;
using McpPortal.Clients.ActAs;
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
    /// <summary>So much longer tokens are taken, and a second more to be past it.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(61);

    private readonly ConcurrentDictionary<OpenRequest, bool> _open = new();
    private readonly AccessKeys _keys;
    private readonly ClientTokens _tokens;
    private readonly IssuerCallers _callers;
    private readonly ServiceKeys _services;
    private readonly ActAsPeople _people;
    private readonly TimeProvider _time;

    public OpenRequests(Invalidations invalidations, AccessKeys keys, ClientTokens tokens, IssuerCallers callers, ServiceKeys services, ActAsPeople people, TimeProvider time)
    {
        // All were made before this and subscribed before it, so they have forgotten what was withdrawn when they are asked about it.
        (_keys, _tokens, _callers, _services, _people, _time) = (keys, tokens, callers, services, people, time);
        invalidations.Subscribe(OnInvalidation);
    }

    /// <summary>Watches a request with an access key until it is answered.</summary>
    /// <returns>False: the key was withdrawn between the first look and now.</returns>
    public ValueTask<bool> AddKeyAsync(HttpContext context, UserId user, string key) => AddAsync(context, user, async stop => await _keys.VerifyAsync(key, stop) is not null);

    /// <summary>The same with a token.</summary>
    public ValueTask<bool> AddTokenAsync(HttpContext context, UserId user, string token) => AddAsync(context, user, async stop => await _tokens.VerifyAsync(token, stop) is not null);

    /// <summary>The same with a token of an external issuer, whose end nobody tells.</summary>
    public ValueTask<bool> AddIssuerTokenAsync(HttpContext context, IssuerHolder holder, string token) => AddAsync(
        context, holder.User, async stop => await _callers.VerifyAsync(token, stop) is IssuerVerdict.Accepted, holder.Token.ExpiresAt + ClockSkew - _time.GetUtcNow());

    /// <summary>The same with a service key, which acts for the user under that name.</summary>
    public ValueTask<bool> AddProgramAsync(HttpContext context, UserId user, string key, string name) => AddAsync(
        context, user, async stop => await _services.VerifyAsync(key, stop) is { } program && (await _people.FindAsync(program, name, stop))?.User == user);

    private ValueTask<bool> AddAsync(HttpContext context, UserId user, Func<CancellationToken, ValueTask<bool>> isGood, TimeSpan? until = null)
    {
        var request = new OpenRequest(context, user, isGood, ended => _open.TryRemove(ended, out _));
        if (until is { } time)
        {
            request.CheckAfter(time, _time);
        }

        _open[request] = true;
        context.Response.RegisterForDispose(request);
        return isGood(context.RequestAborted);
    }

    private void OnInvalidation(Invalidation invalidation)
    {
        if (invalidation.Kind is not (InvalidationKind.Everything or InvalidationKind.User or InvalidationKind.AccessKeys or InvalidationKind.ClientGrants or InvalidationKind.Groups or InvalidationKind.ActAs))
        {
            return;
        }

        foreach (var (request, _) in _open)
        {
            if (invalidation.Kind is InvalidationKind.Everything or InvalidationKind.ActAs || request.User.Value == invalidation.Subject)
            {
                _ = Task.Run(request.CheckAsync);
            }
        }
    }
}
