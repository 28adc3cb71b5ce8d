using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Accounts;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Sessions;

namespace McpPortal.Calls;

/// <summary>
/// The one door to upstreams: console, REST, gateway and monitors call here. Access, limits, timeout, cancellation and the record of
/// the call are written once, behind it.
/// </summary>
internal sealed class UpstreamCallService(
    ServerCatalog catalog,
    CallQueue queue,
    UserSlots slots,
    CallRecorder recorder,
    CallRunner runner,
    Invalidations invalidations,
    IdleOwners idle,
    CallsOptions options,
    TimeProvider time)
{
    private static readonly TimeSpan NewsPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ListenAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>Calls a tool as the caller's user. Expected failures are values; cancelling is passed to the upstream.</summary>
    public async Task<CallOutcome> CallToolAsync(Caller caller, string serverSlug, string tool, JsonElement? arguments, CallOptions callOptions, CancellationToken cancellationToken) =>
        Encode(arguments, out var encoded) ?? await CallToolAsync(caller, serverSlug, tool, encoded, callOptions, cancellationToken);

    /// <summary>The same with arguments as an MCP client sent them.</summary>
    public async Task<CallOutcome> CallToolAsync(Caller caller, string serverSlug, string tool, JsonNode? arguments, CallOptions callOptions, CancellationToken cancellationToken) =>
        Encode(arguments, out var encoded) ?? await CallToolAsync(caller, serverSlug, tool, encoded, callOptions, cancellationToken);

    /// <summary>Makes any other request of MCP in the same way; its answer is the server's own.</summary>
    public async Task<CallOutcome> AskAsync(Caller caller, string serverSlug, string method, JsonObject parameters, CallOptions callOptions, CancellationToken cancellationToken) =>
        Measure(JsonSerializer.SerializeToUtf8Bytes(parameters), out var encoded) ?? await AskAsync(caller, serverSlug, tool: null, server => new UpstreamCall(caller, server, method, encoded, callOptions, time.GetUtcNow(), cancellationToken) { Method = method }, cancellationToken);

    /// <summary>
    /// Keeps a server telling what changes (<see cref="UpstreamNews"/>) until cancelled, also over sessions that take the place of others.
    /// Ends by itself when the caller may not use the server any more.
    /// </summary>
    public async Task ListenAsync(Caller caller, string serverSlug, JsonObject wanted, CancellationToken cancellationToken)
    {
        var pause = ListenAgain;
        while (!cancellationToken.IsCancellationRequested && (await FindAsync(caller, serverSlug, tool: null, cancellationToken)).Server is { } server)
        {
            var began = time.GetTimestamp();
            await runner.ListenAsync(caller.User, server, wanted, cancellationToken);

            // A server that does not let anybody listen for long is asked ever more rarely.
            pause = time.GetElapsedTime(began) > LongestPause ? ListenAgain : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The schema of a tool some of whose arguments have to be repeated in headers (2026-07-28); null for others and for none.</summary>
    public async ValueTask<JsonElement?> AnnotatedSchemaAsync(Caller caller, string serverSlug, string tool, CancellationToken cancellationToken) =>
        (await FindAsync(caller, serverSlug, tool, cancellationToken)).Server is { Transport: ServerTransport.Http } server ? await runner.AnnotatedSchemaAsync(caller, server, tool, cancellationToken) : null;

    /// <summary>Whether the caller's user has given everything that the server needs.</summary>
    public async ValueTask<bool> IsReadyAsync(Caller caller, string serverSlug, CancellationToken cancellationToken) =>
        (await FindAsync(caller, serverSlug, tool: null, cancellationToken)).Server is { } server && await runner.IsReadyAsync(caller.User, server, cancellationToken);

    /// <summary>What a server can do for the user, by its own account.</summary>
    public async Task<(ServerIntroduction? Introduction, CallOutcome? Failure)> IntroduceAsync(Caller caller, string serverSlug, CancellationToken cancellationToken)
    {
        var (server, refusal) = await AdmitAsync(caller, serverSlug, tool: null, cancellationToken);
        return server is null ? (null, refusal) : await runner.IntroduceAsync(caller, server, cancellationToken);
    }

    /// <summary>The tools that the user may call at a server.</summary>
    public async Task<ToolListOutcome> ListToolsAsync(Caller caller, string serverSlug, CancellationToken cancellationToken)
    {
        var (server, refusal) = await AdmitAsync(caller, serverSlug, tool: null, cancellationToken);
        return server is null ? new ToolListOutcome.Failed(refusal!) : await runner.ListToolsAsync(caller, server, cancellationToken);
    }

    /// <summary>What else a server lists: see <see cref="UpstreamSession.ListAsync"/>.</summary>
    public async Task<(IReadOnlyList<JsonObject>? Entries, CallOutcome? Failure)> ListAsync(Caller caller, string serverSlug, string method, string member, CancellationToken cancellationToken)
    {
        var (server, refusal) = await AdmitAsync(caller, serverSlug, tool: null, cancellationToken);
        return server is null ? (null, refusal) : await runner.ListAsync(caller, server, method, member, cancellationToken);
    }

    private Task<CallOutcome> CallToolAsync(Caller caller, string serverSlug, string tool, ReadOnlyMemory<byte> arguments, CallOptions callOptions, CancellationToken cancellationToken) =>
        AskAsync(caller, serverSlug, tool, server => new UpstreamCall(caller, server, tool, arguments, callOptions, time.GetUtcNow(), cancellationToken), cancellationToken);

    private async Task<CallOutcome> AskAsync(Caller caller, string serverSlug, string? tool, Func<ServerSnapshot, UpstreamCall> make, CancellationToken cancellationToken)
    {
        var (server, refusal) = await AdmitAsync(caller, serverSlug, tool, cancellationToken);
        if (server is null)
        {
            return refusal!;
        }

        if (!slots.TryReserve(caller.User))
        {
            return new CallOutcome.Refused($"{options.MaxPendingPerUser} of your calls are running or waiting already. Try again when some have ended.", Busy: true) { Server = server.Name, TooMany = true };
        }

        try
        {
            var call = make(server);
            return queue.TryAdd(call)
                ? await call.Done.Task
                : new CallOutcome.Refused("The portal is very busy. Try again in a moment.", Busy: true) { Server = server.Name };
        }
        finally
        {
            slots.Release(caller.User);
        }
    }

    private async ValueTask<(ServerSnapshot? Server, CallOutcome? Refusal)> AdmitAsync(Caller caller, string slug, string? tool, CancellationToken cancellationToken) =>
        await UnavailableAsync(cancellationToken) is { } unavailable ? (null, unavailable) : await FindAsync(caller, slug, tool, cancellationToken);

    private async ValueTask<(ServerSnapshot? Server, CallOutcome? Missing)> FindAsync(Caller caller, string slug, string? tool, CancellationToken cancellationToken)
    {
        // Who uses the console is signed in.
        if (caller.Via != CallVia.Console && await idle.PausedAsync(caller.User, cancellationToken) is { } paused)
        {
            return (null, new CallOutcome.Refused(paused));
        }

        try
        {
            return await catalog.FindAsync(caller.User, slug, cancellationToken) is not { } server || !caller.MayUse(server.Id) ? (null, NotFound(slug))
                : tool is not null && !caller.MayCall(server.Id, tool) ? (null, new CallOutcome.NotFound($"There is no tool '{Shorten(tool)}' of {server.Name} in this toolset."))
                : (server, null);
        }
        catch (UserNotActiveException)
        {
            // A catalogue that has to be read first says it; one in memory leaves it to the check before the call.
            return (null, new CallOutcome.Refused("Your account is disabled, so the call was not made."));
        }
    }

    private static CallOutcome.NotFound NotFound(string slug) => new($"There is no server '{Shorten(slug)}' that you may use.");

    private static string Shorten(string text) => text.Length <= 64 ? text : string.Concat(text.AsSpan(0, 64), "…");

    /// <summary>Without news of withdrawn rights, or without records, no call is made.</summary>
    private async ValueTask<CallOutcome.Refused?> UnavailableAsync(CancellationToken cancellationToken)
    {
        if (!await invalidations.BecomesCurrentAsync(NewsPatience, cancellationToken))
        {
            return new CallOutcome.Refused("The portal's database does not answer, so calls are paused. Try again in a moment.", Busy: true);
        }

        return recorder.CanAccept ? null : new CallOutcome.Refused("Calls cannot be recorded right now, so they are paused. Try again in a moment.", Busy: true);
    }

    private CallOutcome.Refused? Encode(JsonElement? arguments, out ReadOnlyMemory<byte> encoded)
    {
        encoded = UpstreamCall.NoArguments;
        if (arguments is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } given)
        {
            return null;
        }

        if (given.ValueKind != JsonValueKind.Object)
        {
            return NoObject();
        }

        return Measure(JsonSerializer.SerializeToUtf8Bytes(given), out encoded);
    }

    private CallOutcome.Refused? Encode(JsonNode? arguments, out ReadOnlyMemory<byte> encoded)
    {
        encoded = UpstreamCall.NoArguments;
        return arguments switch
        {
            null => null,
            JsonObject given => Measure(JsonSerializer.SerializeToUtf8Bytes(given), out encoded),
            _ => NoObject(),
        };
    }

    private static CallOutcome.Refused NoObject() => new("The arguments must be a JSON object.");

    private CallOutcome.Refused? Measure(byte[] bytes, out ReadOnlyMemory<byte> encoded)
    {
        encoded = bytes;
        return encoded.Length <= options.MaxArgumentBytes
            ? null
            : new CallOutcome.Refused($"The arguments are {encoded.Length:N0} bytes long; at most {options.MaxArgumentBytes:N0} are accepted.");
    }
}
