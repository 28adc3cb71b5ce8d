using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>The one door of an MCP endpoint: checks every request, then hands it to the era it belongs to.</summary>
internal sealed partial class McpEndpoint
{
    private readonly McpEndpointOptions _options;
    private readonly MessageReader _reader;
    private readonly PerRequestHandler _perRequest;
    private readonly SessionHandler _sessions;
    private readonly McpSessionTable _table;
    private readonly ILogger _log;

    public McpEndpoint(McpEndpointOptions options, McpSessionTable sessions, IServiceProvider services, ILoggerFactory logs, CancellationToken stopping)
    {
        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _options = options;
        _reader = new MessageReader(options.MaxRequestBytes, options.MaxDepth, options.ReadTimeout, time);
        _table = sessions;
        _perRequest = new PerRequestHandler(options, logs, time, stopping);
        _sessions = new SessionHandler(options, sessions, services, logs, time, stopping);
        _log = logs.CreateLogger<McpEndpoint>();
    }

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await DispatchAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller left; there is nobody to answer.
        }
        catch (BadHttpRequestException e)
        {
            // Where it ends is not known, so nothing that follows may be taken for another request.
            context.Response.Headers.Connection = "close";
            await FaultWriter.WriteAsync(context, new McpFault(e.StatusCode, (int)McpErrorCode.InvalidRequest, "The request could not be read."));
        }
    }

    private Task DispatchAsync(HttpContext context)
    {
        if (!_options.IsAllowedOrigin(context))
        {
            return FaultWriter.WriteAsync(context, new McpFault(403, (int)McpErrorCode.InvalidRequest, "This Host or Origin is not allowed."));
        }

        var version = context.Request.Headers[HeaderNames.ProtocolVersion];
        if (HttpMethods.IsPost(context.Request.Method))
        {
            return PostWithinLimitAsync(context);
        }

        if (version.Count > 0 && !IsKnown(version))
        {
            return FaultWriter.WriteAsync(context, McpFault.UnsupportedVersion(version.ToString(), ProtocolVersions.All));
        }

        if (_options.Stateless || ProtocolVersions.IsPerRequest(context.Request))
        {
            context.Response.Headers.Allow = "POST";
            return FaultWriter.WriteAsync(context, new McpFault(405, (int)McpErrorCode.InvalidRequest, "Only POST is possible here."));
        }

        return HttpMethods.IsGet(context.Request.Method) ? _sessions.GetAsync(context) : _sessions.DeleteAsync(context);
    }

    private async Task PostWithinLimitAsync(HttpContext context)
    {
        var user = _options.UserKey(context);
        if (!_table.TryBegin(user))
        {
            context.Response.Headers.RetryAfter = "1";
            await FaultWriter.WriteAsync(context, new McpFault(429, -32000, "You have too many requests under way; try again when some are answered."));
            return;
        }

        try
        {
            await PostAsync(context);
        }
        finally
        {
            _table.End(user);
        }
    }

    private async Task PostAsync(HttpContext context)
    {
        if (!Accepts.Both(context.Request))
        {
            await FaultWriter.WriteAsync(context, new McpFault(406, (int)McpErrorCode.InvalidRequest, "Accept must name application/json and text/event-stream."));
            return;
        }

        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || !type.MediaType.Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase))
        {
            await FaultWriter.WriteAsync(context, new McpFault(415, (int)McpErrorCode.InvalidRequest, "Content-Type must be application/json."));
            return;
        }

        if (context.Request.Headers.ContentEncoding is { Count: > 0 } encoding && !string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase))
        {
            // RFC 9110 §15.5.16: this header says that the encoding was what is not supported. A few bytes could become gigabytes.
            context.Response.Headers.AcceptEncoding = "identity";
            await FaultWriter.WriteAsync(context, new McpFault(415, (int)McpErrorCode.InvalidRequest, "Send the message as it is, without Content-Encoding."));
            return;
        }

        var (message, fault) = await _reader.ReadAsync(context.Request, context.RequestAborted);
        if (message is null)
        {
            if (fault!.Status == StatusCodes.Status408RequestTimeout)
            {
                context.Response.Headers.Connection = "close";
            }

            await FaultWriter.WriteAsync(context, fault);
            return;
        }

        var id = (message as JsonRpcMessageWithId)?.Id ?? default;
        var version = context.Request.Headers[HeaderNames.ProtocolVersion];
        if (version.Count > 0 && !IsKnown(version))
        {
            await FaultWriter.WriteAsync(context, McpFault.UnsupportedVersion(version.ToString(), SupportedBy(context, message)), id);
            return;
        }

        try
        {
            var perRequest = IsPerRequest(context, message);
            // A session has negotiated its revision. The header SHOULD repeat it (2025-06-18, transports): another known one is no error, and changes nothing.
            message.Context = ContextOf(context, (perRequest || _options.Stateless) && version.Count > 0 ? version.ToString() : null);
            context.Features.Set(message);
            fault = perRequest && PerRequestChecks.Check(message, context.Request.Headers) is { } refusal ? refusal
                : perRequest || _options.Stateless ? await _perRequest.PostAsync(context, message)
                : await _sessions.PostAsync(context, message);
        }
        catch (JsonException) when (!context.Response.HasStarted)
        {
            // The transport reads the parameters of initialize itself.
            fault = new McpFault(400, (int)McpErrorCode.InvalidParams, "The parameters are not those of this method.");
        }
        catch (Exception e) when (e is not OperationCanceledException and not BadHttpRequestException && !context.Response.HasStarted)
        {
            Log.Failed(_log, e);
            fault = new McpFault(500, (int)McpErrorCode.InternalError, "The server could not handle this request.");
        }

        if (fault is not null)
        {
            await FaultWriter.WriteAsync(context, fault, id);
        }
    }

    private JsonRpcMessageContext ContextOf(HttpContext context, string? version)
    {
        var items = new Dictionary<string, object?>(StringComparer.Ordinal);
        _options.FillItems?.Invoke(context, items);
        return new() { User = context.User, ProtocolVersion = version, Items = items };
    }

    /// <summary>Inside a session of an older revision newer metadata is none of our business.</summary>
    private static bool IsPerRequest(HttpContext context, JsonRpcMessage message) =>
        ProtocolVersions.IsPerRequest(context.Request)
        || context.Request.Headers[HeaderNames.SessionId].Count == 0 && ProtocolVersions.IsPerRequest(PerRequestChecks.MetaVersion(message));

    /// <summary>Whoever asks without a session is told what <c>server/discover</c> tells; the older revisions are had through initialize.</summary>
    private static string[] SupportedBy(HttpContext context, JsonRpcMessage message) =>
        context.Request.Headers[HeaderNames.SessionId].Count > 0 || message is JsonRpcRequest { Method: RequestMethods.Initialize }
            ? ProtocolVersions.All
            : [ProtocolVersions.PerRequest];

    private static bool IsKnown(Microsoft.Extensions.Primitives.StringValues version) =>
        version.Count == 1 && Array.IndexOf(ProtocolVersions.All, version[0]) >= 0;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "An MCP request failed before its answer began")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
