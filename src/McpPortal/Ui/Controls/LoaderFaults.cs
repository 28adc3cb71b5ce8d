namespace McpPortal.Ui.Controls;

/// <summary>Log category of <see cref="Loader{T}"/>, which is generic and would make one per page.</summary>
public sealed partial class LoaderFaults
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Loading {What} failed; correlation id {CorrelationId}")]
    internal static partial void CouldNotLoad(ILogger logger, Exception fault, string what, string correlationId);
}
