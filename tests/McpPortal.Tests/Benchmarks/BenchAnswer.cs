namespace McpPortal.Tests.Benchmarks;

/// <summary>What came back for one request.</summary>
/// <param name="Text">The body.</param>
/// <param name="Streamed">It came as an event stream.</param>
internal sealed record BenchAnswer(string Text, bool Streamed)
{
    /// <summary>A tool answered; whether rightly is another question.</summary>
    public bool Succeeded => Text.Contains("\"result\":", StringComparison.Ordinal) && !Text.Contains("\"isError\":true", StringComparison.Ordinal);
}
