using McpPortal.Data;

namespace McpPortal.Clients;

/// <summary>A request that is being answered, and the question whether its credential is still good.</summary>
internal sealed class OpenRequest(HttpContext context, UserId user, Func<CancellationToken, ValueTask<bool>> isGood, Action<OpenRequest> ended) : IDisposable
{
    private readonly Lock _gate = new();
    private ITimer? _end;
    private bool _ended;

    public UserId User => user;

    /// <summary>Checks it once more by itself, when a credential ends of which nobody will tell.</summary>
    public void CheckAfter(TimeSpan time, TimeProvider clock) => _end = clock.CreateTimer(_ => _ = Task.Run(CheckAsync), null, time < TimeSpan.Zero ? TimeSpan.Zero : time, Timeout.InfiniteTimeSpan);

    /// <summary>Cuts the request off when its credential is not good any more, or when nobody can say.</summary>
    public async Task CheckAsync()
    {
        if (!await IsGoodAsync())
        {
            lock (_gate)
            {
                // What is answered already is somebody else's request by now: the server uses contexts again.
                if (!_ended)
                {
                    context.Abort();
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
        }

        _end?.Dispose();
        ended(this);
    }

    private async Task<bool> IsGoodAsync()
    {
        try
        {
            return await isGood(CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false;
        }
    }
}
