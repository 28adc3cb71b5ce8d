namespace McpPortal.Sandbox;

internal static class Loopback
{
    public static bool IsHttp(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.Scheme == Uri.UriSchemeHttp
        && uri.IsLoopback
        && uri.UserInfo.Length == 0
        && uri.Fragment.Length == 0;
}
