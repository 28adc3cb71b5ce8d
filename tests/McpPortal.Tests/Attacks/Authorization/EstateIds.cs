using System.Text.RegularExpressions;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>Takes the ids that were asked for, and what differs from answer to answer, out of a text, so that two answers can be compared.</summary>
internal static partial class EstateIds
{
    public static string Hide(string text) => Names().Replace(text, "*");

    [GeneratedRegex("""(?:own|moved|shared|new|set)-[0-9a-f]+|no-such-(?:server(?:-2)?|set)|[0-9a-f]{8}-[0-9a-f-]{27}|"traceId":"[^"]*"|nonce-[^']*""", RegexOptions.None, 1000)]
    private static partial Regex Names();
}
