using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using McpPortal.Audit;
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

    [Theory]
    [InlineData(Older)]
    [InlineData(null)]
    public async Task What_an_older_server_says_unasked_reaches_the_clients_of_its_user_and_nobody_elses(string? version)
    {
        await using var server = await McpTestHost.StartAsync(_ => OlderServer());
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Endpoint.Authority));
        var (ana, ben) = (await rig.Calls.AddUserAsync("ana"), await rig.Calls.AddUserAsync("ben"));
        await AddOlderAsync(rig, server);
        var (heard, overheard) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        var anas = await ListenToAllAsync(rig, ana, version, heard);
        await CallRig.UntilAsync(() => Task.FromResult(server.Sessions.List() is [{ ActiveRequests: > 0 }]), "The portal does not listen.");
        var session = Assert.Single(server.Sessions.List()).Id;
        await using var bens = await ListenToAllAsync(rig, ben, version, overheard);
        await CallRig.UntilAsync(() => Task.FromResult(server.Sessions.List() is [{ ActiveRequests: > 0 }, { ActiveRequests: > 0 }]), "The portal does not listen for the other.");

        await CallRig.UntilAsync(
            async () =>
            {
                foreach (var (method, parameters) in Said)
                {
                    await server.Sessions.SendAsync(session, new JsonRpcNotification { Method = method, Params = parameters.DeepClone() }, Stop);
                }

                return Said.All(said => heard.Contains(said.Method));
            },
            $"Not everything was told: {string.Join(", ", heard)}");
        Assert.Empty(overheard);

        // Nobody listens any more, and neither does the portal.
        await anas.DisposeAsync();
        await CallRig.UntilAsync(() => Task.FromResult(server.Sessions.List().Single(open => open.Id == session).ActiveRequests == 0), "The portal still listens.");
    }

    [Fact]
    public async Task A_client_hears_a_server_again_that_forgot_its_session()
    {
        await using var server = await McpTestHost.StartAsync(_ => OlderServer());
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Endpoint.Authority));
        var ana = await rig.Calls.AddUserAsync("ana");
        await AddOlderAsync(rig, server);
        var heard = new ConcurrentQueue<string>();
        await using var client = await ListenToAllAsync(rig, ana, Older, heard);
        await CallRig.UntilAsync(() => Task.FromResult(server.Sessions.List() is [{ ActiveRequests: > 0 }]), "The portal does not listen.");
        var forgotten = Assert.Single(server.Sessions.List()).Id;

        await server.Sessions.CloseAsync(forgotten);

        await CallRig.UntilAsync(() => Task.FromResult(server.Sessions.List() is [{ ActiveRequests: > 0 } again] && again.Id != forgotten), "The portal does not listen again.", 30);
        await CallRig.UntilAsync(
            async () =>
            {
                await server.Sessions.NotifyAsync(NotificationMethods.ToolListChangedNotification, cancellationToken: Stop);
                return heard.Contains(NotificationMethods.ToolListChangedNotification);
            },
            "The change was not told.");
    }

    [Fact]
    public async Task A_resource_that_a_server_does_not_let_be_heard_at_first_is_asked_for_again()
    {
        var (asked, left) = (0, 0);
        var options = OlderServer();
        options.Handlers.SubscribeToResourcesHandler = (_, _) =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                throw new ModelContextProtocol.McpException("It is not there yet.");
            }

            return ValueTask.FromResult(new EmptyResult());
        };
        options.Handlers.UnsubscribeFromResourcesHandler = (_, _) =>
        {
            Interlocked.Increment(ref left);
            return ValueTask.FromResult(new EmptyResult());
        };
        await using var server = await McpTestHost.StartAsync(_ => options);
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Endpoint.Authority));
        var ana = await rig.Calls.AddUserAsync("ana");
        await AddOlderAsync(rig, server);
        await using var client = await rig.ConnectAsync("/mcp/notes", await rig.KeyAsync(ana), Older);

        await client.SubscribeToResourceAsync(Uri, cancellationToken: Stop);

        await CallRig.UntilAsync(() => Task.FromResult(Volatile.Read(ref asked) == 2), "The server was not asked again.");
        await client.UnsubscribeFromResourceAsync(Uri, cancellationToken: Stop);
        await CallRig.UntilAsync(() => Task.FromResult(Volatile.Read(ref left) == 1), "The server was not told that nobody listens any more.");
    }

    private static (string Method, JsonObject Parameters)[] Said =>
    [
        (NotificationMethods.ToolListChangedNotification, []), (NotificationMethods.PromptListChangedNotification, []), (NotificationMethods.ResourceListChangedNotification, []),
        (NotificationMethods.ResourceUpdatedNotification, new JsonObject { ["uri"] = Uri }),
    ];

    /// <summary>A server with sessions, which says what changes on the stream that its client keeps open.</summary>
    private static McpServerOptions OlderServer() => new()
    {
        Capabilities = new ServerCapabilities
        {
            Tools = new ToolsCapability { ListChanged = true },
            Prompts = new PromptsCapability { ListChanged = true },
            Resources = new ResourcesCapability { Subscribe = true, ListChanged = true },
        },
        Handlers = new McpServerHandlers
        {
            ListToolsHandler = (_, _) => ValueTask.FromResult(new ListToolsResult { Tools = [] }),
            SubscribeToResourcesHandler = (_, _) => ValueTask.FromResult(new EmptyResult()),
            UnsubscribeFromResourcesHandler = (_, _) => ValueTask.FromResult(new EmptyResult()),
        },
    };

    private static async Task AddOlderAsync(GatewayRig rig, McpTestHost server)
    {
        var draft = new ServerDraft { Slug = "notes", Name = "Notes", Url = server.Endpoint.AbsoluteUri, ProtocolPin = Older };
        Assert.IsType<ServerEditResult.Saved>(await rig.Calls.Get<ServerEditor>().AddAsync(draft, null, everyone: true, Actor.CommandLine, Stop));
    }

    private static async Task<IAsyncDisposable> ListenToAllAsync(GatewayRig rig, UserId user, string? version, ConcurrentQueue<string> heard)
    {
        var client = await rig.ConnectAsync("/mcp/notes", await rig.KeyAsync(user), version);
        Assert.True(client.ServerCapabilities is { Tools.ListChanged: true, Prompts.ListChanged: true, Resources: { ListChanged: true, Subscribe: true } });
        foreach (var (method, _) in Said)
        {
            client.RegisterNotificationHandler(method, Note(heard, method));
        }

        if (version is null)
        {
            await ListenAsync(client, new JsonObject { ["toolsListChanged"] = true, ["promptsListChanged"] = true, ["resourcesListChanged"] = true, ["resourceSubscriptions"] = new JsonArray(Uri) });
        }
        else
        {
            await client.SubscribeToResourceAsync(Uri, cancellationToken: Stop);
        }

        return client;
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
