namespace McpPortal.Api;

/// <summary>Errors of the REST interface (RFC 9457): a title, and a sentence that says what to do.</summary>
internal static class ApiProblem
{
    public static IResult NotFound(string sentence) => Results.Problem(statusCode: StatusCodes.Status404NotFound, title: "Not found", detail: sentence);

    public static IResult BadRequest(string sentence) => Results.Problem(statusCode: StatusCodes.Status400BadRequest, title: "Bad request", detail: sentence);

    public static IResult Busy(string sentence) => Results.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "Busy", detail: sentence);
}
