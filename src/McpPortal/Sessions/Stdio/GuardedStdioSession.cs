using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions.Stdio;

/// <summary>The messages of one child: one JSON-RPC message per line each way, with a bound on everything the child decides.</summary>
internal sealed partial class GuardedStdioSession : ITransport
{
    // Few: a message may be as large as the longest line, and a child that is not listened to has to wait.
    private const int Waiting = 8;

    // The client answers each request of the child at once, and those answers wait for a child that need not read them.
    private const int MaxReplies = 64;

    private static readonly JsonTypeInfo<JsonRpcMessage> MessageType = (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage));

    private readonly StdioProcess _process;
    private readonly StdioOptions _options;
    private readonly ILogger _logger;
    private readonly string _name;
    private readonly ErrorTail _errors;
    private readonly Channel<JsonRpcMessage> _messages = Channel.CreateBounded<JsonRpcMessage>(new BoundedChannelOptions(Waiting) { SingleWriter = true });
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenRegistration _aborting;
    private readonly Task _work;
    private int _replies;
    private bool _closedByUs;

    public GuardedStdioSession(StdioProcess process, StdioLaunch launch, StdioOptions options, TimeProvider clock, ILogger logger)
    {
        (_process, _options, _logger, _name) = (process, options, logger, launch.Name);
        _errors = new ErrorTail(new SecretScrubber(launch.Secrets), clock, logger, launch.Name);
        _work = RunAsync();
        _aborting = launch.Aborted.Register(() => _ = _process.KillAsync());
    }

    public string? SessionId => null;

    public ChannelReader<JsonRpcMessage> MessageReader => _messages.Reader;

    /// <summary>The last lines of the child's error output, without secrets.</summary>
    public IReadOnlyList<string> ErrorLines => _errors.Last;

    public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        if (message is not (JsonRpcResponse or JsonRpcError))
        {
            await WriteAsync(message, cancellationToken);
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _replies) <= MaxReplies)
            {
                await WriteAsync(message, cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _replies);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _closedByUs = true;
        await _closing.CancelAsync();
        await _process.DisposeAsync();
        await _work;
        await _aborting.DisposeAsync();
    }

    private async Task WriteAsync(JsonRpcMessage message, CancellationToken cancellationToken)
    {
        // One write per message, and never an interrupted one: half a line would garble the next.
        var line = new ArrayBufferWriter<byte>(512);
        await using (var writer = new Utf8JsonWriter(line))
        {
            JsonSerializer.Serialize(writer, message, MessageType);
        }

        line.Write("\n"u8);
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _process.Input.WriteAsync(line.WrittenMemory, CancellationToken.None).AsTask().WaitAsync(_options.SendTimeout, CancellationToken.None);
        }
        catch (TimeoutException error)
        {
            await _process.KillAsync();
            throw new IOException($"{_name} does not read what it is sent, so it was ended.", error);
        }
        catch (ObjectDisposedException error)
        {
            throw new IOException($"{_name} has ended.", error);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task RunAsync()
    {
        var errors = _errors.ReadAsync(_process.Errors);
        Exception? failure = null;
        try
        {
            await ReadAsync();
        }
        catch (OperationCanceledException)
        {
            // Closed by us.
        }
        catch (Exception error)
        {
            // Also what is not foreseen has to end the child and to complete the channel, or the client waits for ever.
            failure = error;
            Log.Cut(_logger, _name, _process.Id, error is InvalidDataException ? error.Message : error.GetType().Name);
            await _process.KillAsync();
        }

        await _process.DisposeAsync();
        var code = await _process.Ended;
        await errors;
        if (!_closedByUs)
        {
            Log.Ended(_logger, _name, _process.Id, code);
        }

        _messages.Writer.TryComplete(new ClientTransportClosedException(new StdioClientCompletionDetails
        {
            ProcessId = _process.Id,
            ExitCode = code,
            StandardErrorTail = _errors.Last,
            Exception = failure ?? (_closedByUs ? null : new IOException($"{_name} has ended with exit code {code}.")),
        }));
    }

    private async Task ReadAsync()
    {
        await using var lines = new LineReader(_process.Output, _options.MaxLineBytes);
        var garbage = 0;
        while (await lines.ReadAsync(_closing.Token) is { } line)
        {
            if (Parse(line) is { } message)
            {
                await _messages.Writer.WriteAsync(message, _closing.Token);
            }
            else if (!IsBlank(line) && ++garbage > _options.MaxGarbageLines)
            {
                throw new InvalidDataException($"The program wrote {garbage} lines that are no messages.");
            }
        }
    }

    private static JsonRpcMessage? Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            return JsonSerializer.Deserialize(ref reader, MessageType);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException or FormatException or NotSupportedException)
        {
            // The SDK's converter answers some malformed messages with other exceptions than JsonException.
            return null;
        }
    }

    private static bool IsBlank(ReadOnlySequence<byte> line) => line.Length < 3 && line.ToArray().All(value => value is (byte)'\r' or (byte)' ');

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Server} (process {Process}) was ended: {Why}")]
        public static partial void Cut(ILogger logger, string server, int process, string why);

        [LoggerMessage(LogLevel.Information, "{Server} (process {Process}) has ended with exit code {Code}")]
        public static partial void Ended(ILogger logger, string server, int process, int? code);
    }
}
