using McpPortal.Data;

namespace McpPortal.Servers;

/// <summary>How adding, editing or removing a server ended.</summary>
internal abstract record ServerEditResult
{
    private ServerEditResult()
    {
    }

    /// <param name="Id">The server.</param>
    /// <param name="Slug">Its name in addresses.</param>
    /// <param name="Version">Its version now.</param>
    /// <param name="Suspended">People whose credentials wait for their confirmation because the destination changed.</param>
    internal sealed record Saved(ServerId Id, string Slug, long Version, int Suspended = 0) : ServerEditResult;

    internal sealed record Invalid(IReadOnlyList<ServerFault> Faults) : ServerEditResult
    {
        public Invalid(string field, string sentence)
            : this([new ServerFault(field, sentence)])
        {
        }
    }

    /// <summary>Somebody else saved in between; nothing of this edit was kept.</summary>
    internal sealed record ChangedMeanwhile : ServerEditResult
    {
        public const string Sentence = "Somebody else changed this server meanwhile. Look at what it says now and make your change again.";
    }

    /// <summary>Missing, or not this person's to change.</summary>
    internal sealed record NotFound : ServerEditResult;

    internal sealed record NotAllowed(string Sentence) : ServerEditResult;
}
