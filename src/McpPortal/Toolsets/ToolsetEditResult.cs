namespace McpPortal.Toolsets;

/// <summary>How making or changing a toolset ended.</summary>
internal abstract record ToolsetEditResult
{
    private ToolsetEditResult()
    {
    }

    /// <param name="Name">Its name now.</param>
    internal sealed record Saved(string Name) : ToolsetEditResult;

    /// <param name="Field">The property of <see cref="ToolsetDraft"/>.</param>
    /// <param name="Sentence">What to write instead.</param>
    internal sealed record Invalid(string Field, string Sentence) : ToolsetEditResult;

    /// <summary>It was saved elsewhere in between; nothing of this edit was kept.</summary>
    internal sealed record ChangedMeanwhile : ToolsetEditResult
    {
        public const string Sentence = "This toolset was changed elsewhere meanwhile. Look at what it says now and make your change again.";
    }

    /// <summary>Missing, or somebody else's.</summary>
    internal sealed record NotFound : ToolsetEditResult;

    internal sealed record NotAllowed(string Sentence) : ToolsetEditResult;
}
