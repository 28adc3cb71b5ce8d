using System.Text;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Sandbox.Faults;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Tests.StreamableHttp;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Attacks.Leaks;

/// <summary>A server repeats the credential that it was sent, wherever it may say something: only what a tool returns to its caller is passed on as it is.</summary>
public sealed class EchoTests(PostgresCluster cluster) : IAsyncLifetime
{
    private readonly string _secret = Canary.New("token");
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private McpTestHost _upstream = null!;
    private CallRig _rig = null!;
    private UserId _ana;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _upstream = await McpTestHost.StartAsync(context => Server(context.Request.Headers[CallRig.Header.Target!].ToString()));
        _rig = await CallRig.StartAsync(cluster, [_upstream.Endpoint.Authority]);
        _ana = await _rig.AddUserAsync("ana");
        await _rig.SetAsync(_ana, await _rig.AddServerAsync(_ana, "echo", _upstream.Endpoint.AbsoluteUri, CallRig.Header), _secret);
    }

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Theory]
    [InlineData("fail")]
    [InlineData("refuse")]
    [InlineData("ramble")]
    public async Task LEAK_3_An_error_of_a_server_is_shown_without_the_credential_it_repeats(string tool)
    {
        var outcome = Assert.IsType<CallOutcome.ToolFailed>(await _rig.CallAsync(_ana, "echo", tool));

        Assert.False(CanaryScan.Holds(outcome.Sentence), outcome.Sentence);
        Assert.Contains(tool == "ramble" ? "xxx" : "***", outcome.Sentence, StringComparison.Ordinal);
        Assert.InRange(outcome.Sentence.Length, 3, 500);
    }

    [Fact]
    public async Task LEAK_3_Tools_are_listed_and_make_progress_without_the_credential()
    {
        var listed = Assert.IsType<ToolListOutcome.Listed>(await _rig.Get<UpstreamCallService>().ListToolsAsync(new Caller(_ana, CallVia.Console), "echo", Stop));
        var text = string.Join('\n', listed.Tools.Select(tool => tool.ToJsonString()));
        Assert.Contains("Repeats ***", text, StringComparison.Ordinal);
        Assert.False(CanaryScan.Holds(text), text);

        var step = new TaskCompletionSource<CallProgress>(TaskCreationOptions.RunContinuationsAsynchronously);
        var calling = _rig.CallAsync(_ana, "echo", "step", options: CallOptions.Default with { Progress = progress => step.TrySetResult(progress) });
        var message = (await step.Task.WaitAsync(TimeSpan.FromSeconds(30), Stop)).Message!;
        _gate.SetResult();
        Assert.IsType<CallOutcome.Succeeded>(await calling);
        Assert.Contains("At ***", message, StringComparison.Ordinal);
        Assert.False(CanaryScan.Holds(message), message);
    }

    [Theory]
    [InlineData(400, false)]
    [InlineData(400, true)]
    [InlineData(429, true)]
    [InlineData(500, false)]
    public async Task LEAK_3_The_body_of_a_refusal_is_not_quoted(int status, bool isOpen)
    {
        await _rig.SetAsync(_ana, await _rig.AddServerAsync(_ana, "who", _rig.Whoami, CallRig.Header), _secret);
        if (isOpen)
        {
            Assert.IsType<CallOutcome.Succeeded>(await _rig.CallAsync(_ana, "who", "whoami"));
        }

        await _rig.Sandbox.FaultAsync(new Fault { Endpoint = "mcp/whoami", Status = status, Body = Said(_secret) });
        var outcome = await _rig.CallAsync(_ana, "who", "whoami");

        Assert.IsNotType<CallOutcome.Succeeded>(outcome);
        Assert.False(CanaryScan.Holds(outcome.Explanation!), outcome.Explanation);
    }

    private McpServerOptions Server(string credential) => new()
    {
        ToolCollection =
        [
            McpServerTool.Create(() => Fail(new McpException(Said(credential))), new() { Name = "fail", Description = $"Repeats {Said(credential)}" }),
            McpServerTool.Create(() => Fail(new McpProtocolException(Said(credential), McpErrorCode.InvalidParams)), new() { Name = "refuse", Title = Said(credential) }),

            // Where the sentence is cut there may be half a credential.
            McpServerTool.Create(() => Fail(new McpException(new string('x', 370) + Said(credential))), new() { Name = "ramble" }),
            McpServerTool.Create(
                async (RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken) =>
                {
                    await request.Server.NotifyProgressAsync(request.Params!.ProgressToken!.Value, new ProgressNotificationValue { Progress = 1, Message = $"At {Said(credential)}" }, cancellationToken: cancellationToken);
                    await _gate.Task.WaitAsync(cancellationToken);
                    return "done";
                },
                new() { Name = "step" }),
        ],
    };

    private static string Fail(Exception error) => throw error;

    private static string Said(string credential) => string.Join(' ', credential, $"Bearer {credential}", Base64(credential), Base64($"u:{credential}"), Base64($"us:{credential}"), Convert.ToHexStringLower(Encoding.UTF8.GetBytes(credential)), Uri.EscapeDataString(credential));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
