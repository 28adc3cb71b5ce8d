namespace McpPortal.Tests.Benchmarks;

/// <summary>An endpoint, the tool to call there, and what the answer must hold so that it is the caller's own.</summary>
internal sealed record BenchTarget(Uri Address, string Version, string Tool, Func<BenchUser, (string Name, string Value)?> Credential, Func<BenchUser, int, string> Arguments, Func<BenchUser, int, string> Expected)
{
    /// <summary>The stub: answers with a hash of the credential that arrived.</summary>
    public static BenchTarget Stub(Uri address, string version, bool throughPortal) => new(
        address, version, "whoami", user => throughPortal ? Bearer(user) : ("X-Whoami-Token", user.Credential), (_, _) => "{}", (user, _) => user.Hash);

    /// <summary>server-everything: answers with the text that it was sent.</summary>
    public static BenchTarget Everything(Uri address, string version, bool throughPortal) => new(
        address, version, "echo", user => throughPortal ? Bearer(user) : null, (user, call) => $$"""{"message":"{{Mark(user, call)}}"}""", Mark);

    private static string Mark(BenchUser user, int call) => $"mark-{user.Hash[..12]}-{call}-";

    private static (string, string) Bearer(BenchUser user) => ("Authorization", $"Bearer {user.Key}");
}
