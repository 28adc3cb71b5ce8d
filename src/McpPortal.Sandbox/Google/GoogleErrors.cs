namespace McpPortal.Sandbox.Google;

internal static class GoogleErrors
{
    public static IResult NotFound() => Answer(404, "NOT_FOUND", "Requested entity was not found.");

    public static IResult Answer(int code, string status, string message) => Results.Json(
        new { error = new { code, message, errors = new[] { new { message, domain = "global", reason = status } }, status } },
        statusCode: code);
}
