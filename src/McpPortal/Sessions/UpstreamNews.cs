using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using McpPortal.Data;

namespace McpPortal.Sessions;

/// <summary>What servers say to a user without being asked: that a list or a resource changed. Only that user's own fronts hear it.</summary>
internal sealed class UpstreamNews
{
    private readonly ConcurrentDictionary<Subscription, byte> _subscriptions = new();
    private ImmutableArray<Action<UserId?, UpstreamNotice>> _everything = [];

    /// <summary>Calls <paramref name="heard"/> for what is said to this user until disposed; it must be quick.</summary>
    public IDisposable Subscribe(UserId user, Action<UpstreamNotice> heard)
    {
        var subscription = new Subscription(this, user, heard);
        _subscriptions[subscription] = 0;
        return subscription;
    }

    /// <summary>Calls <paramref name="heard"/> first, whomever something is said to: for what is remembered of what servers said, and no front.</summary>
    public void SubscribeToAll(Action<UserId?, UpstreamNotice> heard) => ImmutableInterlocked.Update(ref _everything, (list, added) => list.Add(added), heard);

    /// <summary>Tells one user, or all of them of what is nobody's.</summary>
    public void Tell(UserId? user, UpstreamNotice notice)
    {
        foreach (var heard in _everything)
        {
            heard(user, notice);
        }

        foreach (var (subscription, _) in _subscriptions)
        {
            if (user is null || subscription.User == user)
            {
                subscription.Heard(notice);
            }
        }
    }

    private sealed class Subscription(UpstreamNews news, UserId user, Action<UpstreamNotice> heard) : IDisposable
    {
        public UserId User { get; } = user;

        public Action<UpstreamNotice> Heard { get; } = heard;

        public void Dispose() => news._subscriptions.TryRemove(this, out _);
    }
}

/// <summary>One notification of one server.</summary>
/// <param name="Server">Who says it; null when the portal itself knows.</param>
/// <param name="Method">The method of the notification.</param>
/// <param name="Parameters">Its parameters; shared, so not to be changed.</param>
internal sealed record UpstreamNotice(ServerId? Server, string Method, JsonObject? Parameters = null)
{
    /// <summary>The resource that changed, where one did.</summary>
    public string? Uri => Parameters?["uri"] is JsonValue value && value.TryGetValue<string>(out var uri) ? uri : null;
}
