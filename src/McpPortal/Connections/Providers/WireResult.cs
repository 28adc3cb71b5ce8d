using System.Net;

namespace McpPortal.Connections.Providers;

/// <summary>What came back over the wire, before anybody reads meaning into it.</summary>
internal abstract record WireResult
{
    private WireResult()
    {
    }

    internal sealed record Answer(HttpStatusCode Status, byte[] Body, TimeSpan? RetryAfter) : WireResult
    {
        public bool IsSuccess => (int)Status is >= 200 and < 300;

        /// <summary>The body may be a token.</summary>
        public override string ToString() => $"{(int)Status}";
    }

    /// <summary>The request did not leave, so nothing can have happened.</summary>
    internal sealed record NotSent(string Why) : WireResult;

    /// <summary>The request left and no complete answer came: it may have been carried out.</summary>
    internal sealed record Lost(string Why) : WireResult;
}
