using System.Diagnostics;

namespace McpPortal.Sessions;

/// <summary>
/// Takes the words of upstream servers out of traces before anybody exports them: the MCP client puts the message of a failure into the
/// status of its activity, and the message quotes the answer, in which a server may repeat the credential it was sent.
/// </summary>
internal sealed class QuietTraces : IHostedService, IDisposable
{
    // Without Sample it asks for no activity; it only sees those that somebody else wanted.
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name.Contains("ModelContextProtocol", StringComparison.Ordinal),
        ActivityStopped = activity => activity.SetStatus(activity.Status),
    };

    public Task StartAsync(CancellationToken cancellationToken)
    {
        ActivitySource.AddActivityListener(_listener);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener.Dispose();
}
