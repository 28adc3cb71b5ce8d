namespace McpPortal.Ui;

/// <summary>What features add to the frame of every page without the frame knowing them.</summary>
internal sealed class ShellOptions
{
    /// <summary>Component types shown above the page while they have something to say (everything is paused, keys are sealed).</summary>
    public List<Type> Banners { get; } = [];
}
