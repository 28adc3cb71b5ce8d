namespace McpPortal.Accounts.Oidc;

/// <summary>Keeps redirect targets inside the portal.</summary>
internal static class LocalPath
{
    /// <returns>The path when it is one of this site, else <c>/</c>.</returns>
    public static string OrHome(string? path) => IsLocal(path) ? path! : "/";

    /// <summary>Browsers read <c>//host</c>, <c>/\host</c> and control characters inside as another site.</summary>
    public static bool IsLocal(string? path) =>
        path is ['/', ..] && path.Length <= 2048 && !path.StartsWith("//", StringComparison.Ordinal)
        && !path.Contains('\\', StringComparison.Ordinal) && !path.Any(char.IsControl);
}
