using System.Security.Cryptography;

namespace McpPortal.Tests.Rig.Canaries;

/// <summary>Secrets that tests plant. Every one holds the same tag, as all secrets of the sandbox do, so that a scan needs no list of them, and a part of its own.</summary>
internal static class Canary
{
    public const string Tag = "not-a-secret";

    /// <summary>A new value that headers, variables, addresses and JSON can carry as it is.</summary>
    public static string New(string what) => $"{what.Replace(' ', '-')}-{Tag}-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
}
