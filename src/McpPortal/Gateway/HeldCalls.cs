using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using McpPortal.Calls;

namespace McpPortal.Gateway;

/// <summary>
/// An older server asks in the middle of a call; a client of the newest revision is asked in the answer to its request (<c>input_required</c>)
/// and makes the request again. In between the call goes on here, on this node only. The client holds a random name of it, which is nothing
/// worth to anybody else.
/// </summary>
internal sealed class HeldCalls
{
    public const string Prefix = "io.mcpportal/held:";
    private readonly ConcurrentDictionary<string, HeldCall> _held = new(StringComparer.Ordinal);

    /// <summary>Whether a request means a call that is held here, or was.</summary>
    public static bool IsMeant(GatewayRequest request) => request.IsPerRequest && request.Text("requestState")?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    /// <summary>The client can be asked something in the middle of a call.</summary>
    public static bool CanAsk(GatewayRequest request) => request.IsPerRequest && request.Capabilities is { } can && (can["elicitation"] ?? can["sampling"] ?? can["roots"]) is not null;

    /// <summary>Waits until a new call has ended or the server asks.</summary>
    public Task<CallOutcome> BeginAsync(HeldCall call, GatewayRequest request, CancellationToken left)
    {
        call.Follow(request, left);
        return UntilAskedAsync(call);
    }

    /// <summary>Goes on with the call that a request brings an answer for; null when there is none.</summary>
    public async Task<CallOutcome?> GoOnAsync(GatewayRequest request, string server, CancellationToken left)
    {
        if (!_held.TryGetValue(request.Text("requestState")!, out var call) || !call.IsOf(request, server) || !_held.TryRemove(new(call.Id, call)))
        {
            return null;
        }

        call.Follow(request, left);
        call.Answer(request.Parameters["inputResponses"] as JsonObject);
        return await UntilAskedAsync(call);
    }

    private async Task<CallOutcome> UntilAskedAsync(HeldCall call)
    {
        if (await call.UntilAskedAsync() is { } question)
        {
            _held[call.Id] = call;
            _ = ForgetAsync(call);
            return new CallOutcome.Succeeded(default) { Node = question, IsAdmitted = true };
        }

        using (call)
        {
            return await call.Outcome;
        }
    }

    /// <summary>The call has its own time limit, and ends when access is withdrawn; nobody may come back for it.</summary>
    private async Task ForgetAsync(HeldCall call)
    {
        await ((Task)call.Outcome).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_held.TryRemove(new(call.Id, call)))
        {
            call.Dispose();
        }
    }
}
