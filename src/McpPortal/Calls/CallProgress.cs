namespace McpPortal.Calls;

/// <summary>What a server says of a running call.</summary>
/// <param name="Progress">How far it is; grows.</param>
/// <param name="Total">What progress ends at, when the server knows.</param>
/// <param name="Message">The server's own words.</param>
internal readonly record struct CallProgress(double Progress, double? Total, string? Message);
