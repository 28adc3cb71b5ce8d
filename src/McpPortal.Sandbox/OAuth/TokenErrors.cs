namespace McpPortal.Sandbox.OAuth;

internal static class TokenErrors
{
    /// <summary>RFC 6749 §5.2.</summary>
    public static IResult Json(string error, string description, int? status = null) => Results.Json(
        new { error, error_description = description },
        statusCode: status ?? (error == "invalid_client" ? StatusCodes.Status401Unauthorized : StatusCodes.Status400BadRequest));
}
