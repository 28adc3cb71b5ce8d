using System.Globalization;
using Microsoft.AspNetCore.Http.Features;

namespace McpPortal.Sandbox.Faults;

/// <summary>Counts each request and makes it fail the way a test asked for.</summary>
internal sealed class FaultMiddleware(RequestDelegate next, FaultSwitches switches, SandboxStats stats, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<FaultPoint>() is not { } point)
        {
            await next(context);
            return;
        }

        stats.Request(point.Name);
        var fault = switches.Take(point.Name);
        context.Items[typeof(Fault)] = fault;
        if (fault.DelayMs > 0)
        {
            // Not ended by a caller that hangs up: the real thing commits all the same.
            await Task.Delay(TimeSpan.FromMilliseconds(fault.DelayMs), time, CancellationToken.None);
        }

        if (fault.Status is { } status)
        {
            await AnswerAsync(context, fault, status);
            return;
        }

        if (fault.DropAfterCommit)
        {
            // Without a way back to the socket not even the headers leave.
            context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
            await next(context);
            context.Abort();
            return;
        }

        await next(context);
    }

    private static async Task AnswerAsync(HttpContext context, Fault fault, int status)
    {
        context.Response.StatusCode = status;
        if (fault.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
        }

        if (fault.Body is { } body)
        {
            await context.Response.WriteAsync(body);
        }
    }
}
