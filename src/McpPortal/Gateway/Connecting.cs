using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Sessions;
using McpPortal.Ui;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>
/// Sends a client's user to the page that takes what is missing (URL elicitation, 2025-11-25 and later) and lets the call go on once it
/// is there. The client learns nothing but the address.
/// </summary>
internal sealed class Connecting(UpstreamCallService calls, UpstreamNews news, PublicUrl publicUrl, GatewayOptions options, TimeProvider time)
{
    /// <summary>The name of the portal's own question among those of a server, which has no say in it.</summary>
    private const string Own = "io.mcpportal/connect";

    private const string Responses = "inputResponses";

    /// <summary>Whether the client can send its user to an address. A program that acts for somebody has its own people before it.</summary>
    public static bool CanSend(GatewayRequest request) => !request.Caller.IsActing && request.Capabilities?["elicitation"]?["url"] is not null;

    /// <summary>Takes the answer to the portal's own question out of a request that is made again; null when there was none.</summary>
    public static string? TakeAnswer(JsonObject parameters)
    {
        if (parameters[Responses] is not JsonObject responses || responses[Own] is not { } answer)
        {
            return null;
        }

        responses.Remove(Own);
        if (responses.Count == 0)
        {
            parameters.Remove(Responses);
        }

        return answer is JsonObject said && said["action"] is JsonValue value && value.TryGetValue<string>(out var action) ? action : "cancel";
    }

    /// <summary>The question, for clients of the newest revision: they make the request again with its answer.</summary>
    public JsonRpcMessageWithId Question(GatewayRequest request, CallOutcome.NeedsConnection missing, string server) => GatewayAnswers.Result(request, new JsonObject
    {
        ["resultType"] = "input_required",
        ["inputRequests"] = new JsonObject { [Own] = new JsonObject { ["method"] = RequestMethods.ElicitationCreate, ["params"] = Sending(request, missing, server, out _) } },
    });

    /// <summary>Asks a client of an older revision, and waits. False: its user does not want to, or took too long.</summary>
    public async Task<bool> AskAsync(GatewayRequest request, CallOutcome.NeedsConnection missing, string server, CancellationToken cancellationToken)
    {
        var parameters = Sending(request, missing, server, out var id);
        JsonNode? answer;
        try
        {
            answer = await request.AskClientAsync(RequestMethods.ElicitationCreate, parameters, cancellationToken);
        }
        catch (McpException)
        {
            return false;
        }

        if ((answer as JsonObject)?["action"]?.ToString() != "accept" || !await UntilThereAsync(request, server, cancellationToken))
        {
            return false;
        }

        request.Notices.Send("notifications/elicitation/complete", new JsonObject { ["elicitationId"] = id });
        return true;
    }

    /// <summary>Waits until the credential is there, as long as the portal lets a request wait for its user.</summary>
    public async Task<bool> UntilThereAsync(GatewayRequest request, string server, CancellationToken cancellationToken)
    {
        var changed = new SemaphoreSlim(0);
        using var subscription = news.Subscribe(request.Caller.User, _ => changed.Release());
        using var patience = new CancellationTokenSource(options.ConnectWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        while (!await calls.IsReadyAsync(request.Caller, server, cancellationToken))
        {
            try
            {
                await changed.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return false;
            }
        }

        return true;
    }

    private JsonObject Sending(GatewayRequest request, CallOutcome.NeedsConnection missing, string server, out string id)
    {
        id = Guid.NewGuid().ToString("n");
        return new JsonObject
        {
            ["mode"] = "url",
            ["message"] = missing.Sentence,
            ["url"] = ContinueLink.To(publicUrl, request.Caller.User, server),
            ["elicitationId"] = id,
        };
    }
}
