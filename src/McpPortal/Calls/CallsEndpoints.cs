using System.Text.Json;
using McpPortal.Api;
using McpPortal.Clients;
using McpPortal.Clients.ActAs;
using McpPortal.Data;
using McpPortal.Ui;
using Microsoft.AspNetCore.Mvc;

namespace McpPortal.Calls;

/// <summary><c>POST /mcp/tool/call</c>: a program calls a tool as its key's owner, or with a service key for somebody who lets it.</summary>
internal static class CallsEndpoints
{
    /// <summary>The body of the request.</summary>
    /// <param name="Username">Leave out, or name yourself; anybody else is 404. With a service key: who lets the program act for them.</param>
    /// <param name="ServerName">The server's short name.</param>
    /// <param name="MethodName">The tool.</param>
    /// <param name="Args">The tool's arguments, a JSON object.</param>
    internal sealed record Request(string? Username, string? ServerName, string? MethodName, JsonElement? Args);

    public static void MapCalls(this RouteGroupBuilder api) => api.MapPost("/mcp/tool/call", CallAsync)
        .WithSummary("Call a tool as yourself.")
        .WithMetadata(ActAsAllowed.Instance)
        .Produces(StatusCodes.Status200OK, contentType: "application/json")
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status429TooManyRequests)
        .ProducesProblem(StatusCodes.Status502BadGateway)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
        .ProducesProblem(StatusCodes.Status504GatewayTimeout);

    private static async Task<IResult> CallAsync(
        [FromBody] Request request,
        HttpContext context,
        ApiUser users,
        ActAsPeople people,
        UpstreamCallService calls,
        PublicUrl publicUrl,
        CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.ServerName) || string.IsNullOrEmpty(request.MethodName))
        {
            return ApiProblem.BadRequest("Send serverName and methodName.");
        }

        if (ServiceHolder.Of(context) is not null && string.IsNullOrEmpty(request.Username))
        {
            return ApiProblem.BadRequest("A service key acts for somebody. Send username.");
        }

        if (await CallerAsync(context, users, people, request.Username, cancellationToken) is not { } caller)
        {
            return ApiProblem.NotFound(ServiceKeyHandler.NoSuchUser);
        }

        var outcome = await calls.CallToolAsync(caller, request.ServerName, request.MethodName, request.Args, CallOptions.Default, cancellationToken);
        if (outcome is CallOutcome.Refused { Busy: true })
        {
            context.Response.Headers.RetryAfter = "1";
        }

        return Translate(outcome, publicUrl);
    }

    /// <summary>Null: there is nobody of this name for whom the key may act.</summary>
    private static async Task<Caller?> CallerAsync(HttpContext context, ApiUser users, ActAsPeople people, string? username, CancellationToken cancellationToken)
    {
        if (ServiceHolder.Of(context) is { } program)
        {
            return await people.FindAsync(program, username, cancellationToken) is { } acting ? new Caller(acting.User, CallVia.Rest, program.Name, ServiceKeyId: program.KeyId) : null;
        }

        var key = KeyHolder.Of(context);
        return await users.ResolveAsync(context, username, cancellationToken) is { } user
            ? new Caller(user, CallVia.Rest, key.KeyName, key.KeyId, key.ReadOnly, key.Servers, key.Toolsets)
            : null;
    }

    private static IResult Translate(CallOutcome outcome, PublicUrl publicUrl) => outcome switch
    {
        CallOutcome.Succeeded succeeded => new AnsweredResult(outcome, "succeeded", succeeded.Json),
        CallOutcome.ToolFailed failed => new AnsweredResult(outcome, "toolFailed", failed.Json ?? default),
        CallOutcome.NotFound notFound => ApiProblem.NotFound(notFound.Sentence),
        CallOutcome.NeedsConnection missing => Problem(outcome, StatusCodes.Status409Conflict, "Connect first", ("connectUrl", publicUrl.Absolute(missing.Path))),
        CallOutcome.Refused { TooMany: true } => Problem(outcome, StatusCodes.Status429TooManyRequests, "Too many at once"),
        CallOutcome.Refused { Busy: true } => Problem(outcome, StatusCodes.Status503ServiceUnavailable, "Busy"),
        CallOutcome.Refused => Problem(outcome, StatusCodes.Status403Forbidden, "Refused"),
        CallOutcome.TimedOut => Problem(outcome, StatusCodes.Status504GatewayTimeout, "Timed out"),
        CallOutcome.Unreachable => Problem(outcome, StatusCodes.Status502BadGateway, "Unreachable"),
        _ => Problem(outcome, StatusCodes.Status499ClientClosedRequest, "Cancelled"),
    };

    private static IResult Problem(CallOutcome outcome, int status, string title, params IEnumerable<(string Name, string Value)> more) => Results.Problem(
        statusCode: status,
        title: title,
        detail: outcome.Explanation,
        extensions: more.Append(("callId", outcome.Id.ToString())).Append(("server", outcome.Server))
            .ToDictionary(pair => pair.Item1, pair => (object?)pair.Item2, StringComparer.Ordinal));

    /// <summary>Passes the server's result on as it came, inside a small envelope.</summary>
    private sealed class AnsweredResult(CallOutcome outcome, string name, ReadOnlyMemory<byte> result) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = "application/json";
            httpContext.Response.Headers.CacheControl = "no-store";
            await using var json = new Utf8JsonWriter(httpContext.Response.BodyWriter);
            json.WriteStartObject();
            json.WriteString("callId"u8, outcome.Id.Value);
            json.WriteString("outcome"u8, name);
            json.WriteString("account"u8, outcome.Account);
            json.WriteNumber("durationMs"u8, Math.Round(outcome.Duration.TotalMilliseconds, 1));
            if (outcome.Explanation is { } sentence)
            {
                json.WriteString("error"u8, sentence);
            }

            json.WritePropertyName("result"u8);
            if (result.IsEmpty)
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteRawValue(result.Span, skipInputValidation: true);
            }

            json.WriteEndObject();
            await json.FlushAsync(httpContext.RequestAborted);
        }
    }
}
