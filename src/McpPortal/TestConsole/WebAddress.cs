namespace McpPortal.TestConsole;

/// <summary>Which addresses out of a result may become links.</summary>
internal static class WebAddress
{
    /// <summary>Absolute, http or https, and without a name or password in it that would disguise the host.</summary>
    public static bool IsSafe(string? address) =>
        address is { Length: > 0 and <= 2_000 }
        && Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        && uri.UserInfo.Length == 0
        && !address.AsSpan().ContainsAnyInRange('\0', ' ');
}
