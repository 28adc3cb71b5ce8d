using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.StreamableHttp;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary><c>/mcp/{server}</c>: one server, passed through as it is.</summary>
internal sealed class OneServer(UpstreamCallService calls, ServerCatalog catalog, GatewayCalls passing, Listening listening, SessionSubscriptions subscriptions, GatewayAnswers answers, GatewayServing serving, GatewayOptions options)
{
    private static readonly string[] Passed =
    [
        RequestMethods.PromptsList, RequestMethods.PromptsGet, RequestMethods.ResourcesList, RequestMethods.ResourcesTemplatesList, RequestMethods.ResourcesRead, RequestMethods.CompletionComplete,
    ];

    /// <summary>The server as this client meets it; null when the caller may not use it.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="slug">The server.</param>
    /// <param name="first">What is asked: only who begins is told what the server can do.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<McpServing?> ForAsync(Caller caller, string slug, JsonRpcMessage? first, CancellationToken cancellationToken)
    {
        if (await catalog.FindAsync(caller.User, slug, cancellationToken) is not { } server || !caller.MayUse(server.Id))
        {
            return null;
        }

        var session = new Session(server);
        if (first is JsonRpcRequest { Method: RequestMethods.Initialize or RequestMethods.ServerDiscover })
        {
            await IntroduceAsync(caller, session, cancellationToken);
        }

        return serving.With(session.Instructions, session.Offer, (request, stop) => AnswerAsync(request, session, stop));
    }

    /// <summary>A server that is slow or dead is offered with tools alone, and says why in its instructions.</summary>
    private async Task IntroduceAsync(Caller caller, Session session, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.ListTimeout);
        try
        {
            (session.Introduced, var failure) = await calls.IntroduceAsync(caller, session.Slug, patience.Token);
            session.Instructions = failure?.Explanation ?? session.Introduced?.Instructions ?? session.Server.Description;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            session.Instructions = $"{session.Server.Name} did not answer within {options.ListTimeout.TotalSeconds:0} seconds.";
        }
    }

    private async Task<JsonRpcMessageWithId?> AnswerAsync(GatewayRequest request, Session session, CancellationToken cancellationToken) => request.Method switch
    {
        RequestMethods.ToolsList => await ListToolsAsync(request, session.Slug, cancellationToken),
        RequestMethods.ToolsCall when request.Text("name") is { } tool => await passing.CallToolAsync(request, session.Slug, tool, session.LogLevel, cancellationToken),
        RequestMethods.ToolsCall => GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "The name of the tool is missing."),
        RequestMethods.SubscriptionsListen when request.IsPerRequest => await ListenAsync(request, session, cancellationToken),
        RequestMethods.ResourcesSubscribe or RequestMethods.ResourcesUnsubscribe when request is { IsPerRequest: false, SessionId: { } id } => Subscribe(request, session, id),
        RequestMethods.LoggingSetLevel when !request.IsPerRequest => await SetLevelAsync(request, session, cancellationToken),
        _ when Passed.Contains(request.Method) => await passing.AskAsync(request, session.Slug, session.LogLevel, cancellationToken),
        _ => null,
    };

    private async Task<JsonRpcMessageWithId> ListToolsAsync(GatewayRequest request, string slug, CancellationToken cancellationToken)
    {
        var outcome = await calls.ListToolsAsync(request.Caller, slug, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return outcome is ToolListOutcome.Listed listed
            ? GatewayAnswers.Result(request, new JsonObject { ["tools"] = new JsonArray([.. listed.Tools]) })
            : GatewayAnswers.Result(request, Warning.Beside(new JsonObject { ["tools"] = new JsonArray() }, [answers.Sentence(request.Caller, ((ToolListOutcome.Failed)outcome).Outcome, slug)]));
    }

    private async Task<JsonRpcMessageWithId> ListenAsync(GatewayRequest request, Session session, CancellationToken cancellationToken)
    {
        await IntroduceAsync(request.Caller, session, cancellationToken);
        var wanted = ListenedNews.Of(request.Parameters["notifications"] as JsonObject, session.Server.Id, session.Offer);
        return await listening.UntilGoneAsync(request, session.Slug, wanted, cancellationToken);
    }

    private JsonRpcMessageWithId Subscribe(GatewayRequest request, Session session, string id)
    {
        if (request.Text("uri") is not { Length: > 0 } uri)
        {
            return GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "The uri of the resource is missing.");
        }

        if (request.Method == RequestMethods.ResourcesUnsubscribe)
        {
            subscriptions.End(id, uri);
        }
        else if (!subscriptions.Begin(request.Caller, session.Server.Id, session.Slug, id, uri))
        {
            return GatewayAnswers.Error(request, (int)McpErrorCode.InvalidRequest, $"This session listens to {ListenedNews.MaxResources} resources already. Unsubscribe from some first.");
        }

        return GatewayAnswers.Result(request, []);
    }

    /// <summary>A session of an older revision has one level; a server of the newest is told with each request, an older one now.</summary>
    private async Task<JsonRpcMessageWithId> SetLevelAsync(GatewayRequest request, Session session, CancellationToken cancellationToken)
    {
        if (request.Text("level") is not { } level || !LogLevels.IsOne(level))
        {
            return GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "There is no such level.");
        }

        session.LogLevel = level;
        return session.Introduced is { IsPerRequest: false, Capabilities.Logging: not null }
            ? await passing.AskAsync(request, session.Slug, level, cancellationToken)
            : GatewayAnswers.Result(request, []);
    }

    /// <summary>What lasts as long as a client's session; of the newest revision, one request.</summary>
    private sealed class Session(ServerSnapshot server)
    {
        public ServerSnapshot Server { get; } = server;

        public string Slug => Server.Slug;

        public string? Instructions { get; set; } = server.Description;

        public ServerIntroduction? Introduced { get; set; }

        public string? LogLevel { get; set; }

        public ServerCapabilities Offer => GatewayIdentity.Offer(Introduced?.Capabilities);
    }
}
