namespace McpPortal.Accounts.Oidc;

internal static partial class OidcLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "An ID token of {Issuer} was refused: {Problem}")]
    public static partial void TokenRefused(ILogger logger, string issuer, string? problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The token endpoint of {Issuer} answered {Status} ({Error})")]
    public static partial void ExchangeFailed(ILogger logger, string issuer, int status, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {Endpoint} of {Issuer} could not be used: {Problem}")]
    public static partial void EndpointFailed(ILogger logger, string endpoint, string issuer, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A back-channel logout was refused: {Problem}")]
    public static partial void LogoutRefused(ILogger logger, string? problem);
}
