using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using McpPortal.Data;

namespace McpPortal.Sessions.Stdio;

/// <summary>How many programs may run at once on this node, for one person and for all together.</summary>
internal sealed class ProcessSlots(int most, int mostPerUser)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UserId, int> _perUser = [];
    private int _all;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _all;
            }
        }
    }

    /// <summary>A slot to give back by disposing it, or a sentence that says why there is none.</summary>
    public bool TryTake(UserId user, [NotNullWhen(true)] out IDisposable? slot, [NotNullWhen(false)] out string? refusal)
    {
        slot = null;
        refusal = null;
        lock (_gate)
        {
            ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(_perUser, user, out _);
            if (own >= mostPerUser)
            {
                refusal = $"You already run {own} tool programs, which is as many as one person may. Close one under Sessions, or wait until one is idle.";
                return false;
            }

            if (_all >= most)
            {
                if (own == 0)
                {
                    _perUser.Remove(user);
                }

                refusal = "The portal runs as many tool programs as it may at once. Try again in a moment.";
                return false;
            }

            own++;
            _all++;
            slot = new Slot(this, user);
            return true;
        }
    }

    private void Return(UserId user)
    {
        lock (_gate)
        {
            _all--;
            if (--CollectionsMarshal.GetValueRefOrNullRef(_perUser, user) == 0)
            {
                _perUser.Remove(user);
            }
        }
    }

    private sealed class Slot(ProcessSlots slots, UserId user) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                slots.Return(user);
            }
        }
    }
}
