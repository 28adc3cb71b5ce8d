using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.StreamableHttp;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Gateway;

/// <summary>What changes reaches the clients of whoever it concerns, in both eras of the protocol, and nobody else's.</summary>
public sealed class ListeningTests(PostgresCluster cluster)
{
    private const string Older = "2025-11-25";
    private const string Uri = "note://one";
    private readonly Channel<string> _changes = Channel.CreateUnbounded<string>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_changed_credential_is_told_to_its_owners_clients_only()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, anas, _) = await rig.PersonAsync("ana");
        var (_, bens, _) = await rig.PersonAsync("ben");
        var heard = new ConcurrentQueue<string>();
        await using var older = await rig.ConnectAsync("/mcp", anas, Older);
        await using var hears = older.RegisterNotificationHandler(NotificationMethods.ToolListChangedNotification, Note(heard, "older"));
        await using var foreign = await rig.ConnectAsync("/mcp", bens, Older);
        await using var overhears = foreign.RegisterNotificationHandler(NotificationMethods.ToolListChangedNotification, Note(heard, "foreign"));
        await using var newer = await rig.ConnectAsync("/mcp", anas);
        await using var listens = newer.RegisterNotificationHandler(NotificationMethods.ToolListChangedNotification, Note(heard, "newer"));
        await using var open = await ListenAsync(newer, new JsonObject { ["toolsListChanged"] = true });

        await rig.Calls.SetAsync(ana, (await rig.Calls.Get<ServerCatalog>().FindAsync(ana, "who", Stop))!, "another-secret-of-ana");

        await CallRig.UntilAsync(() => Task.FromResult(heard.Contains("older") && heard.Contains("newer")), "Not both were told.", seconds: 2);
        Assert.DoesNotContain("foreign", heard);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(null)]
    public async Task A_changed_resource_is_told_to_who_subscribed_to_it(string? version)
    {
        await using var server = await McpTestHost.StartAsync(_ => Server());
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Endpoint.Authority));
        var ana = await rig.Calls.AddUserAsync("ana");
        await rig.Calls.AddServerAsync(ana, "notes", server.Endpoint.AbsoluteUri);
        await using var client = await rig.ConnectAsync("/mcp/notes", await rig.KeyAsync(ana), version);
        Assert.True(client.ServerCapabilities.Resources!.Subscribe);
        var heard = new ConcurrentQueue<string>();
        await using var hears = client.RegisterNotificationHandler(NotificationMethods.ResourceUpdatedNotification, (notification, _) =>
        {
            heard.Enqueue((string)notification.Params!["uri"]!);
            return ValueTask.CompletedTask;
        });
        if (version is null)
        {
            await using var open = await ListenAsync(client, new JsonObject { ["resourceSubscriptions"] = new JsonArray(Uri) });
            await AssertToldAsync(heard);
        }
        else
        {
            await client.SubscribeToResourceAsync(Uri, cancellationToken: Stop);
            await AssertToldAsync(heard);
            await client.UnsubscribeFromResourceAsync(Uri, cancellationToken: Stop);
        }
    }

    private async Task AssertToldAsync(ConcurrentQueue<string> heard)
    {
        await CallRig.UntilAsync(async () =>
        {
            await _changes.Writer.WriteAsync("note://two", Stop);
            await _changes.Writer.WriteAsync(Uri, Stop);
            return heard.Contains(Uri);
        }, "The change was not told.");
        Assert.DoesNotContain("note://two", heard);
    }

    /// <summary>A server of the newest revision that tells whoever listens what is written into <see cref="_changes"/>.</summary>
    private McpServerOptions Server() => new()
    {
        Capabilities = new ServerCapabilities { Resources = new ResourcesCapability { Subscribe = true } },
        Handlers = new McpServerHandlers
        {
            SubscriptionsListenHandler = async (request, stop) =>
            {
                await SendAsync("notifications/subscriptions/acknowledged", new JsonObject { ["notifications"] = new JsonObject { ["resourceSubscriptions"] = new JsonArray(Uri) } });
                await foreach (var uri in _changes.Reader.ReadAllAsync(stop))
                {
                    await SendAsync(NotificationMethods.ResourceUpdatedNotification, new JsonObject { ["uri"] = uri });
                }

                return new EmptyResult();

                Task SendAsync(string method, JsonObject parameters)
                {
                    parameters["_meta"] = new JsonObject { [MetaKeys.SubscriptionId] = request.JsonRpcRequest.Id.ToString() };
                    return request.Server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, stop);
                }
            },
        },
    };

    /// <summary>Listens until disposed; begins only once the portal said that it does.</summary>
    private static async Task<IAsyncDisposable> ListenAsync(McpClient client, JsonObject wanted)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var acknowledged = client.RegisterNotificationHandler("notifications/subscriptions/acknowledged", (notification, _) =>
        {
            Assert.Equal(wanted.ToJsonString(), notification.Params!["notifications"]!.ToJsonString());
            begun.TrySetResult();
            return ValueTask.CompletedTask;
        });
        var ends = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var request = client.SendRequestAsync(new JsonRpcRequest { Method = RequestMethods.SubscriptionsListen, Params = new JsonObject { ["notifications"] = wanted.DeepClone() } }, ends.Token);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20), Stop);
        return new Open(acknowledged, ends, request);
    }

    private static Func<JsonRpcNotification, CancellationToken, ValueTask> Note(ConcurrentQueue<string> heard, string who) => (_, _) =>
    {
        heard.Enqueue(who);
        return ValueTask.CompletedTask;
    };

    private sealed record Open(IAsyncDisposable Acknowledged, CancellationTokenSource Ends, Task Request) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Acknowledged.DisposeAsync();
            await Ends.CancelAsync();
            await Request.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Ends.Dispose();
        }
    }
}
