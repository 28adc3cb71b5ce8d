using System.Buffers;

namespace McpPortal.EmailServer.Gmail;

/// <summary>A token handed in by whoever looks after it, the portal for instance.</summary>
internal sealed class FixedToken : ITokenSource
{
    // RFC 6750 §2.1; anything else could not be a token and must not be forwarded in a header.
    private static readonly SearchValues<char> Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");

    private readonly string _token;

    private FixedToken(string token) => _token = token;

    /// <summary>The token in this text, or null when there is none that could be one.</summary>
    public static FixedToken? From(string? text) =>
        text?.Trim() is { Length: > 0 } token && !token.AsSpan().ContainsAnyExcept(Characters) ? new(token) : null;

    public ValueTask<string> GetAsync(CancellationToken cancellationToken) => ValueTask.FromResult(_token);

    public bool Reject(string token) => false;

    public override string ToString() => "***";
}
