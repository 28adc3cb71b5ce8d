using McpPortal.Data;

namespace McpPortal.Servers;

internal static class NeedWords
{
    /// <summary>How a sentence names what a person gave: "your API key", "your token".</summary>
    public static string Yours(this CredentialNeed need)
    {
        var label = need.Label ?? need.Name;
        return label.Length > 1 && char.IsUpper(label[0]) && char.IsLower(label[1]) ? $"your {char.ToLowerInvariant(label[0])}{label[1..]}" : $"your {label}";
    }
}
