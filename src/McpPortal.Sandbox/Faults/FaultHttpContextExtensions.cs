namespace McpPortal.Sandbox.Faults;

internal static class FaultHttpContextExtensions
{
    /// <summary>The OAuth error that this request shall be answered with.</summary>
    public static string? FaultError(this HttpContext context) => (context.Items[typeof(Fault)] as Fault)?.Error;

    public static TBuilder WithFaults<TBuilder>(this TBuilder builder, string name)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new FaultPoint(name));
}
