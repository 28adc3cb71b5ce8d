using McpPortal.Data;

namespace McpPortal.Calls;

/// <summary>Which of a user's calls to show; null leaves that side open.</summary>
/// <param name="Server">Short name of the server.</param>
/// <param name="Result">How the call ended.</param>
/// <param name="Since">Calls that began then or later.</param>
/// <param name="Text">Words in tool, server, account or client.</param>
public sealed record ActivityFilter(string? Server = null, CallResult? Result = null, DateTimeOffset? Since = null, string? Text = null)
{
    public static ActivityFilter None { get; } = new();
}
