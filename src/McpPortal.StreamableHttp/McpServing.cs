using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.StreamableHttp;

/// <summary>Answers a request of a client; null leaves it to the SDK's server, and nothing may have been said then.</summary>
/// <param name="request">What is asked.</param>
/// <param name="cancellationToken">The client has left or does not want the answer any more, or the session has ended.</param>
public delegate Task<JsonRpcMessageWithId?> McpAnswer(McpRequest request, CancellationToken cancellationToken);

/// <summary>What a request meets.</summary>
/// <param name="options">Makes the SDK's server, once and when there is something for it to do.</param>
/// <param name="answer">See <see cref="Answer"/>.</param>
public sealed class McpServing(Func<McpServerOptions> options, McpAnswer? answer = null)
{
    /// <summary>The SDK's server.</summary>
    public McpServerOptions Options => field ??= options();

    /// <summary>
    /// Asked before the SDK's server, and where the request arrives: no other thread, no queue, and of revision 2026-07-28 no server at all.
    /// Not with <see cref="McpEndpointOptions.EventStreamStore"/>, which is the SDK's.
    /// </summary>
    public McpAnswer? Answer { get; } = answer;
}
