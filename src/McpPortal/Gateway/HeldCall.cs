using System.Text.Json.Nodes;
using System.Threading.Channels;
using McpPortal.Calls;
using McpPortal.Sessions;

namespace McpPortal.Gateway;

/// <summary>A call that outlives the request that asked for it: between a question of the server and the request that brings the answer nobody is connected.</summary>
internal sealed class HeldCall : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Question> _questions = Channel.CreateUnbounded<Question>(new UnboundedChannelOptions { SingleReader = true });
    private CancellationTokenRegistration _leaving;
    private volatile GatewayRequest? _request;
    private Question? _open;
    private int _asked;

    /// <param name="request">The first request.</param>
    /// <param name="server">The server that is asked.</param>
    public HeldCall(GatewayRequest request, string server)
    {
        (Caller, Server, Method, Name) = (request.Caller, server, request.Method, NameIn(request));
        _request = request;
    }

    public string Id { get; } = $"{HeldCalls.Prefix}{Guid.NewGuid():n}";

    /// <summary>The request that waits now; null while the client's user is being asked.</summary>
    public GatewayRequest? Request => _request;

    /// <summary>How the call ended.</summary>
    public Task<CallOutcome> Outcome { get; private set; } = null!;

    private Caller Caller { get; }

    private string Server { get; }

    private string Method { get; }

    private string? Name { get; }

    /// <param name="call">Makes the call; its token is cancelled when a client leaves that is waiting.</param>
    public void Start(Func<CancellationToken, Task<CallOutcome>> call) => Outcome = call(_stop.Token);

    /// <summary>Whether a request goes on with this call: the same person, by the same key or client, who asks the same thing.</summary>
    public bool IsOf(GatewayRequest request, string server) =>
        request.Caller.User == Caller.User && request.Caller.AccessKeyId == Caller.AccessKeyId && request.Caller.Client == Caller.Client
        && server == Server && request.Method == Method && NameIn(request) == Name;

    /// <summary>Puts a question of the server into the next answer to the client.</summary>
    public Task<UpstreamAnswer> AskAsync(string method, JsonNode? parameters)
    {
        var question = new Question($"question-{Interlocked.Increment(ref _asked)}", method, parameters?.DeepClone());
        _questions.Writer.TryWrite(question);
        return question.Answered.Task.WaitAsync(_stop.Token);
    }

    /// <summary>A request of the client waits for this call; if it is given up, so is the call.</summary>
    public void Follow(GatewayRequest request, CancellationToken left)
    {
        _request = request;
        _leaving = left.Register(_stop.Cancel);
    }

    /// <summary>Waits until the call has ended or the server asks; a question that was not answered is asked again.</summary>
    /// <returns>The question, for the client; null when the call has ended.</returns>
    public async Task<JsonObject?> UntilAskedAsync()
    {
        if (_open is null && (await Task.WhenAny(Outcome, _questions.Reader.WaitToReadAsync(_stop.Token).AsTask()) == Outcome || !_questions.Reader.TryRead(out _open)))
        {
            return null;
        }

        // From here on the client may leave without ending the call.
        await _leaving.DisposeAsync();
        await _request!.Notices.Sent;
        _request = null;
        return new JsonObject
        {
            ["resultType"] = "input_required",
            ["inputRequests"] = new JsonObject { [_open.Id] = new JsonObject { ["method"] = _open.Method, ["params"] = _open.Parameters?.DeepClone() } },
            ["requestState"] = Id,
        };
    }

    /// <summary>Hands the server the client's answer, if it is among these.</summary>
    public void Answer(JsonObject? responses)
    {
        if (_open is { } question && responses?[question.Id] is { } answer)
        {
            _open = null;
            question.Answered.TrySetResult(new UpstreamAnswer(answer.DeepClone(), null));
        }
    }

    public void Dispose()
    {
        _leaving.Dispose();
        _stop.Dispose();
    }

    private static string? NameIn(GatewayRequest request) => request.Text("name") ?? request.Text("uri");

    private sealed record Question(string Id, string Method, JsonNode? Parameters)
    {
        public TaskCompletionSource<UpstreamAnswer> Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
