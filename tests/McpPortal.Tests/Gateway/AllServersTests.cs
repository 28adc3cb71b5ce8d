using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Gateway;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.StreamableHttp;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Gateway;

/// <summary><c>/mcp</c> beside its tools: prompts, resources, their templates and completion of all servers, told apart by whose they are.</summary>
public sealed class AllServersTests(PostgresCluster cluster)
{
    private const string Older = "2025-11-25";
    private const string Newer = "2026-07-28";
    private const string Note = "note://one?a+b";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task Servers_with_the_same_prompts_and_resources_are_told_apart(string version)
    {
        await using var one = await McpTestHost.StartAsync(_ => Notes("one"));
        await using var two = await McpTestHost.StartAsync(_ => Notes("two"));
        await using var rig = await StartAsync(one, two);
        var ana = await AddAsync(rig, one, two);
        await using var client = await rig.ConnectAsync("/mcp", await rig.KeyAsync(ana), version);
        Assert.True(client.ServerCapabilities is { Prompts.ListChanged: true, Resources: { ListChanged: true, Subscribe: not true }, Completions: not null });

        // Also what stands on a second page, and nothing for servers that have no such thing.
        var prompts = await client.ListPromptsAsync(new ListPromptsRequestParams(), Stop);
        Assert.Equal(["one__greet", "one__leave", "two__greet", "two__leave"], prompts.Prompts.Select(prompt => prompt.Name).Order(StringComparer.Ordinal));
        Assert.Null(prompts.Meta);
        Assert.Equal([Of("one", Note), Of("two", Note)], (await client.ListResourcesAsync(cancellationToken: Stop)).Select(resource => resource.Uri).Order(StringComparer.Ordinal));
        Assert.Equal([Of("one", "note://{which}"), Of("two", "note://{which}")], (await client.ListResourceTemplatesAsync(cancellationToken: Stop)).Select(template => template.UriTemplate).Order(StringComparer.Ordinal));

        foreach (var name in (string[])["one", "two"])
        {
            var message = Assert.Single((await client.GetPromptAsync($"{name}__leave", cancellationToken: Stop)).Messages);
            var embedded = Assert.IsType<TextResourceContents>(Assert.IsType<EmbeddedResourceBlock>(message.Content).Resource);
            Assert.Equal((Of(name, Note), $"{name} leave"), (embedded.Uri, embedded.Text));

            var link = Assert.IsType<ResourceLinkBlock>(Assert.Single((await client.CallToolAsync($"{name}__link", cancellationToken: Stop)).Content));
            var read = Assert.IsType<TextResourceContents>(Assert.Single((await client.ReadResourceAsync(link.Uri, cancellationToken: Stop)).Contents));
            Assert.Equal((Of(name, Note), $"{name} has {Note}"), (read.Uri, read.Text));

            Assert.Equal([$"{name} greet"], (await client.CompleteAsync(new PromptReference { Name = $"{name}__greet" }, "who", "a", cancellationToken: Stop)).Completion.Values);
            Assert.Equal([$"{name} note://{{which}}"], (await client.CompleteAsync(new ResourceTemplateReference { Uri = Of(name, "note://{which}") }, "which", "o", cancellationToken: Stop)).Completion.Values);
        }
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task AZ_3_Prompts_and_resources_of_a_server_that_is_hidden_from_the_caller_are_none(string version)
    {
        var asked = new ConcurrentQueue<string>();
        await using var server = await McpTestHost.StartAsync(_ => Notes("own", asked.Enqueue));
        await using var rig = await StartAsync(server);
        var (ana, ben) = (await rig.Calls.AddUserAsync("ana"), await rig.Calls.AddUserAsync("ben"));
        var draft = new ServerDraft { Slug = "own", Name = "Ana's own", Url = server.Endpoint.AbsoluteUri };
        Assert.IsType<ServerEditResult.Saved>(await rig.Calls.Get<ServerEditor>().AddOwnAsync(ana, draft, Actor.Page(ana), Stop));
        var other = await rig.Calls.AddServerAsync(ana, "other", server.Endpoint.AbsoluteUri);

        foreach (var key in (string[])[await rig.KeyAsync(ben), await rig.KeyAsync(ana, servers: [other.Id])])
        {
            await using var client = await rig.ConnectAsync("/mcp", key, version);
            Assert.All(await client.ListPromptsAsync(cancellationToken: Stop), prompt => Assert.StartsWith("other__", prompt.Name, StringComparison.Ordinal));
            Assert.All(await client.ListResourcesAsync(cancellationToken: Stop), resource => Assert.StartsWith("mcp+other+", resource.Uri, StringComparison.Ordinal));
            foreach (var name in (string[])["own__greet", "none__greet", "greet", "__", "own__"])
            {
                Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(async () => await client.GetPromptAsync(name, cancellationToken: Stop))).ErrorCode);
            }

            foreach (var uri in (string[])[Of("own", Note), Of("none", Note), Note, "mcp+own+", "mcp++x", "mcp+"])
            {
                Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(async () => await client.ReadResourceAsync(uri, cancellationToken: Stop))).ErrorCode);
                Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(async () => await client.CompleteAsync(new ResourceTemplateReference { Uri = uri }, "x", "y", cancellationToken: Stop))).ErrorCode);
            }
        }

        // The lists of the other one, which is the same server.
        Assert.Empty(asked);
    }

    [Fact]
    public async Task A_server_that_lists_no_prompts_in_time_is_named_and_costs_nobody_elses()
    {
        await using var well = await McpTestHost.StartAsync(_ => Notes("well"));
        var hangs = Notes("hangs");
        hangs.Handlers.ListPromptsHandler = async (_, stop) =>
        {
            await Task.Delay(Timeout.Infinite, stop);
            return new ListPromptsResult();
        };
        await using var slow = await McpTestHost.StartAsync(_ => hangs);
        await using var rig = await GatewayRig.StartAsync(
            cluster, ("Outbound:AllowedHosts:5", well.Endpoint.Authority), ("Outbound:AllowedHosts:6", slow.Endpoint.Authority), ("Gateway:ListTimeout", "00:00:02"));
        var ana = await rig.Calls.AddUserAsync("ana");
        await rig.Calls.AddServerAsync(ana, "well", well.Endpoint.AbsoluteUri);
        await rig.Calls.AddServerAsync(ana, "hangs", slow.Endpoint.AbsoluteUri);
        await using var client = await rig.ConnectAsync("/mcp", await rig.KeyAsync(ana), Newer);

        var list = await client.ListPromptsAsync(new ListPromptsRequestParams(), Stop);

        Assert.Equal(["well__greet", "well__leave"], list.Prompts.Select(prompt => prompt.Name));
        Assert.StartsWith("Server hangs did not list its prompts within 2 seconds", (string?)Assert.Single(list.Meta!["io.mcpportal/warnings"]!.AsArray()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task LEAK_1_A_credential_in_a_list_is_taken_out_of_it(string version)
    {
        await using var server = await McpTestHost.StartAsync(context =>
        {
            var told = Notes("told");
            var credential = context.Request.Headers["X-Whoami-Token"].ToString();
            told.Handlers.ListResourcesHandler = (_, _) => ValueTask.FromResult(new ListResourcesResult { Resources = [new Resource { Uri = $"note://{credential}/one", Name = credential, Description = $"Sent with {credential}." }] });
            return told;
        });
        await using var rig = await StartAsync(server);
        var ana = await rig.Calls.AddUserAsync("ana");
        const string Secret = "not-a-secret-of-ana-0123456789";
        await rig.Calls.SetAsync(ana, await rig.Calls.AddServerAsync(ana, "told", server.Endpoint.AbsoluteUri, CallRig.Header), Secret);
        await using var client = await rig.ConnectAsync("/mcp", await rig.KeyAsync(ana), version);

        var list = await client.ListResourcesAsync(new ListResourcesRequestParams(), Stop);

        Assert.Single(list.Resources);
        Assert.DoesNotContain(Secret, System.Text.Json.JsonSerializer.Serialize(list, McpJsonUtilities.DefaultOptions), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task A_changed_credential_changes_every_list(string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        var heard = new ConcurrentQueue<string>();
        await using var client = await rig.ConnectAsync("/mcp", key, version);
        foreach (var method in ListsChanged.All)
        {
            client.RegisterNotificationHandler(method, (_, _) =>
            {
                heard.Enqueue(method);
                return ValueTask.CompletedTask;
            });
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var listening = version == Older ? Task.CompletedTask : client.SendRequestAsync(
            new JsonRpcRequest { Method = RequestMethods.SubscriptionsListen, Params = new JsonObject { ["notifications"] = new JsonObject { ["toolsListChanged"] = true, ["promptsListChanged"] = true, ["resourcesListChanged"] = true } } }, ends.Token);
        var server = (await rig.Calls.Get<ServerCatalog>().FindAsync(ana, "who", Stop))!;

        // Changed until it is heard: a stream may open a little later than its client goes on.
        var change = 0;
        await CallRig.UntilAsync(
            async () =>
            {
                await rig.Calls.SetAsync(ana, server, $"not-a-secret-{change++}-of-ana");
                await Task.Delay(200, Stop);
                return ListsChanged.All.All(heard.Contains);
            },
            $"Not every list: {string.Join(", ", heard)}");
        await ends.CancelAsync();
        await Task.WhenAny(listening);
    }

    [Theory]
    [InlineData("/mcp", 3)]
    [InlineData("/portal/mcp", 3)]
    [InlineData("/mcp/who", 1)]
    [InlineData("/mcp/mcp", 1)]
    [InlineData("/mcp/set/mcp", 1)]
    public void A_client_of_one_server_or_set_is_told_of_tools_only(string path, int told) => Assert.Equal(told, ListsChanged.ToldAt(path).Count);

    [Fact]
    public void No_two_resources_meet_in_one_uri() => Prop.ForAll<ushort, string?>((number, uri) =>
    {
        var (server, own) = ($"s-{number % 7}-", uri + ".");
        Assert.Equal((server, own), ListedUris.Split(ListedUris.Join(server, own)));
        Assert.NotEqual(ListedUris.Join("s", own), ListedUris.Join(server, own));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    private static string Of(string server, string uri) => $"mcp+{server}+{uri}";

    private Task<GatewayRig> StartAsync(params McpTestHost[] servers) =>
        GatewayRig.StartAsync(cluster, [.. servers.Select((server, i) => ($"Outbound:AllowedHosts:{i + 5}", server.Endpoint.Authority))]);

    private static async Task<UserId> AddAsync(GatewayRig rig, McpTestHost one, McpTestHost two)
    {
        var (ana, _, _) = await rig.PersonAsync("ana");
        await rig.Calls.AddServerAsync(ana, "one", one.Endpoint.AbsoluteUri);
        await rig.Calls.AddServerAsync(ana, "two", two.Endpoint.AbsoluteUri);
        return ana;
    }

    private static McpServerOptions Notes(string name, Action<string>? asked = null) => new()
    {
        Handlers = new McpServerHandlers
        {
            ListToolsHandler = (_, _) => ValueTask.FromResult(new ListToolsResult { Tools = [new Tool { Name = "link" }] }),
            CallToolHandler = (_, _) => ValueTask.FromResult(new CallToolResult { Content = [new ResourceLinkBlock { Uri = Note, Name = "one" }] }),
            ListPromptsHandler = (request, _) => ValueTask.FromResult(request.Params?.Cursor is null
                ? new ListPromptsResult { Prompts = [new Prompt { Name = "greet" }], NextCursor = "second" }
                : new ListPromptsResult { Prompts = [new Prompt { Name = "leave" }] }),
            GetPromptHandler = (request, _) =>
            {
                asked?.Invoke(request.Params!.Name);
                return ValueTask.FromResult(new GetPromptResult
                {
                    Messages = [new PromptMessage { Role = Role.User, Content = new EmbeddedResourceBlock { Resource = new TextResourceContents { Uri = Note, Text = $"{name} {request.Params!.Name}" } } }],
                });
            },
            ListResourcesHandler = (_, _) => ValueTask.FromResult(new ListResourcesResult { Resources = [new Resource { Uri = Note, Name = "one" }] }),
            ListResourceTemplatesHandler = (_, _) => ValueTask.FromResult(new ListResourceTemplatesResult { ResourceTemplates = [new ResourceTemplate { UriTemplate = "note://{which}", Name = "any" }] }),
            ReadResourceHandler = (request, _) =>
            {
                asked?.Invoke(request.Params!.Uri);
                return ValueTask.FromResult(new ReadResourceResult { Contents = [new TextResourceContents { Uri = request.Params!.Uri, Text = $"{name} has {request.Params.Uri}" }] });
            },
            CompleteHandler = (request, _) =>
            {
                var about = request.Params!.Ref is PromptReference prompt ? prompt.Name : ((ResourceTemplateReference)request.Params.Ref).Uri;
                asked?.Invoke(about!);
                return ValueTask.FromResult(new CompleteResult { Completion = new Completion { Values = [$"{name} {about}"] } });
            },
        },
    };
}
