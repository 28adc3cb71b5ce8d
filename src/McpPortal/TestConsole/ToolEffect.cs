namespace McpPortal.TestConsole;

/// <summary>What a tool says it does to the world. It is the server's own word, hence a hint and no promise.</summary>
public enum ToolEffect
{
    /// <summary>Says that it only reads.</summary>
    Reads,

    /// <summary>May change things, or does not say.</summary>
    Changes,

    /// <summary>Says that it destroys, or that it changes things outside its server: asks before it runs.</summary>
    Dangerous,
}
