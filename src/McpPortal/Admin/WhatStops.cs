using McpPortal.Ui;

namespace McpPortal.Admin;

/// <summary>What a person uses that ends when they are disabled.</summary>
internal sealed record WhatStops(int SignIns, int AccessKeys, int Connections)
{
    public string Sentence
    {
        get
        {
            string[] parts =
            [
                .. Part(SignIns, "sign-in ends", "sign-ins end"),
                .. Part(AccessKeys, "access key stops working", "access keys stop working"),
                .. Part(Connections, "connected account is no longer used", "connected accounts are no longer used"),
            ];
            return (parts.Length == 0 ? "Nothing of theirs is in use." : $"Within two seconds: {string.Join(", ", parts)}.") + " What they stored stays, and everything works again when you enable them.";
        }
    }

    private static string[] Part(int count, string one, string many) => count == 0 ? [] : [Format.Count(count, one, many)];
}
