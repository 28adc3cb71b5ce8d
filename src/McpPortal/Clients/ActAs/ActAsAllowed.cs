namespace McpPortal.Clients.ActAs;

/// <summary>Marks the one REST endpoint that takes service keys: the call of a tool.</summary>
internal sealed class ActAsAllowed
{
    public static ActAsAllowed Instance { get; } = new();

    public static bool At(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<ActAsAllowed>() is not null;
}
