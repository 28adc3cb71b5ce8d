using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Data;

namespace McpPortal.Calls;

/// <summary>How a call ended. Each front translates the cases once; none of them holds a credential.</summary>
internal abstract record CallOutcome
{
    private CallOutcome()
    {
    }

    public CallId Id { get; init; }

    /// <summary>Name of the server, for people.</summary>
    public string Server { get; init; } = "";

    /// <summary>The account whose credential was used, as its owner reads it.</summary>
    public string? Account { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>The part of <see cref="Duration"/> that the upstream took.</summary>
    public TimeSpan Upstream { get; init; }

    /// <summary>The server answered.</summary>
    /// <param name="Json">The raw result as UTF-8 JSON, to be passed on as it is.</param>
    public sealed record Succeeded(ReadOnlyMemory<byte> Json) : CallOutcome
    {
        /// <summary>The same, read already, where it was; whoever takes it may change it.</summary>
        public JsonObject? Node { get; init; }

        /// <summary>It is a question to the caller that was looked at when the server asked it in the middle of its answer.</summary>
        public bool IsAdmitted { get; init; }

        public override string ToString() => $"Succeeded, {Json.Length} bytes";
    }

    /// <summary>The tool, or the server, answered with an error.</summary>
    /// <param name="Sentence">What went wrong, for people.</param>
    /// <param name="Json">The raw result, or null when the server answered with a JSON-RPC error.</param>
    /// <param name="ErrorCode">The JSON-RPC error code, or null.</param>
    public sealed record ToolFailed(string Sentence, ReadOnlyMemory<byte>? Json, int? ErrorCode) : CallOutcome
    {
        /// <summary>What the JSON-RPC error carries beside code and message; null for nothing.</summary>
        public JsonNode? ErrorData { get; init; }

        public override string ToString() => $"ToolFailed {ErrorCode}";
    }

    /// <summary>The user has to connect, confirm or set something first.</summary>
    /// <param name="Sentence">What to do.</param>
    /// <param name="Path">Local path of the page that does it.</param>
    public sealed record NeedsConnection(string Sentence, string Path) : CallOutcome;

    /// <summary>The portal did not make the call. <paramref name="Busy"/>: trying again later helps.</summary>
    public sealed record Refused(string Sentence, bool Busy = false) : CallOutcome
    {
        /// <summary>It is the caller's own calls that are too many.</summary>
        public bool TooMany { get; init; }
    }

    public sealed record TimedOut(string Sentence) : CallOutcome;

    /// <summary>The server could not be reached, or went away; whether the tool ran is unknown when the sentence says so.</summary>
    public sealed record Unreachable(string Sentence) : CallOutcome;

    public sealed record Cancelled : CallOutcome;

    /// <summary>No such server for this user: hidden, foreign and missing are the same.</summary>
    public sealed record NotFound(string Sentence) : CallOutcome;

    /// <summary>What people read; null after success.</summary>
    public string? Explanation => this switch
    {
        ToolFailed failed => failed.Sentence,
        NeedsConnection missing => missing.Sentence,
        Refused refused => refused.Sentence,
        TimedOut timedOut => timedOut.Sentence,
        Unreachable unreachable => unreachable.Sentence,
        NotFound notFound => notFound.Sentence,
        Cancelled => "The call was cancelled.",
        _ => null,
    };

    public CallResult Result => this switch
    {
        Succeeded => CallResult.Succeeded,
        ToolFailed => CallResult.ToolFailed,
        NeedsConnection => CallResult.NeedsConnection,
        TimedOut => CallResult.TimedOut,
        Unreachable => CallResult.Unreachable,
        Cancelled => CallResult.Cancelled,
        _ => CallResult.Refused,
    };

    internal int ResponseBytes => this switch
    {
        Succeeded succeeded => succeeded.Json.Length,
        ToolFailed { Json: { } json } => json.Length,
        _ => Encoding.UTF8.GetByteCount(Explanation ?? ""),
    };
}
