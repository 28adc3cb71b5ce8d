using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>A page of the portal with its circuit, as a browser opens it, without a browser.</summary>
internal sealed partial class CircuitClient : IAsyncDisposable
{
    private readonly ConcurrentQueue<RenderBatch> _batches = [];
    private readonly ConcurrentQueue<string> _calls = [];
    private readonly ConcurrentDictionary<string, TaskCompletionSource<bool>> _events = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<long> _renderer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _clicks;

    private CircuitClient(Uri portal) => (Portal, Hub.Received) = (portal, TakeAsync);

    public HubClient Hub { get; } = new();

    public Uri Portal { get; }

    /// <summary>What names the circuit to whoever wants to come back to it.</summary>
    public string Secret { get; private set; } = "";

    /// <summary>The page as it was before the circuit.</summary>
    public string Html { get; private set; } = "";

    /// <summary>Every JavaScript call of the server: its name and arguments.</summary>
    public IReadOnlyCollection<string> Calls => _calls;

    public IEnumerable<string> Strings => _batches.SelectMany(b => b.Strings);

    public bool HasError { get; private set; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<CircuitClient> OpenAsync(Uri portal, string cookies, string path)
    {
        var client = new CircuitClient(portal);
        try
        {
            await client.BeginAsync(cookies, path);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>The newest handler on an element with exactly these words, or with this <c>attribute=value</c>; another than one that is known.</summary>
    public async Task<Handler> FindAsync(string words, string @event = "onclick", Handler? than = null)
    {
        for (var tries = 0; ; tries++)
        {
            if (_batches.SelectMany(b => b.Handlers()).LastOrDefault(h => h.Event == @event && h.Id != than?.Id && (h.Words == words || h.Attributes.Contains($"[{words}]", StringComparison.Ordinal))) is { } found)
            {
                return found;
            }

            Assert.True(tries < 600, $"Nothing says '{words}'. The page says: {string.Join(" | ", Strings)}\n{string.Join('\n', _batches.SelectMany(b => b.Handlers()))}");
            await Task.Delay(50, Stop);
        }
    }

    public async Task UntilAsync(Func<CircuitClient, bool> condition, string what)
    {
        for (var tries = 0; !condition(this); tries++)
        {
            Assert.True(tries < 600, $"{what}. The page says: {string.Join(" | ", Strings)}; it was told: {string.Join(" | ", _calls)}");
            await Task.Delay(50, Stop);
        }
    }

    /// <summary>Clicks; false when the portal answers that it failed, or does not answer any more.</summary>
    public Task<bool> ClickAsync(Handler handler) => DispatchAsync(handler.Id, "click", """{"detail":1,"type":"click"}""");

    public async Task<bool> DispatchAsync(long handler, string name, string arguments) =>
        await InvokeAsync("DispatchEventAsync", $"[{{\"eventHandlerId\":{handler.ToString(CultureInfo.InvariantCulture)},\"eventName\":\"{name}\",\"eventFieldInfo\":null}},{arguments}]");

    /// <summary>Calls a method of the object that receives a page's events.</summary>
    public async Task<bool> InvokeAsync(string method, string arguments)
    {
        var id = Interlocked.Increment(ref _clicks).ToString(CultureInfo.InvariantCulture);
        var answer = _events[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await Hub.SendAsync("BeginInvokeDotNetFromJS", id, null, method, await _renderer.Task.WaitAsync(TimeSpan.FromSeconds(30), Stop), arguments);
        }
        catch (IOException)
        {
            return false;
        }

        await Task.WhenAny(answer.Task, Hub.Closed, Task.Delay(TimeSpan.FromSeconds(20), Stop));
        return answer.Task is { IsCompletedSuccessfully: true, Result: true };
    }

    public ValueTask DisposeAsync() => Hub.DisposeAsync();

    [GeneratedRegex("<!--Blazor:(?<marker>\\{.*?\\})-->", RegexOptions.None, 5000)]
    private static partial Regex Markers();

    [GeneratedRegex("<!--Blazor-Server-Component-State:(?<state>[^-]*)-->", RegexOptions.None, 5000)]
    private static partial Regex States();

    private async Task BeginAsync(string cookies, string path)
    {
        using var browser = new HttpClient(new HttpClientHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Portal };
        browser.DefaultRequestHeaders.Add("Cookie", cookies);
        browser.DefaultRequestHeaders.Add("Accept", "text/html");
        using var page = await browser.GetAsync(new Uri(path, UriKind.Relative), Stop);
        Html = await page.Content.ReadAsStringAsync(Stop);
        Assert.True(page.StatusCode == HttpStatusCode.OK, $"{path} answered {page.StatusCode}.");
        await Hub.ConnectAsync(Portal, cookies, await HubClient.NegotiateAsync(browser, Stop), Portal.GetLeftPart(UriPartial.Authority), Stop);
        await StartAsync(path, [.. Markers().Matches(Html).Select(m => m.Groups["marker"].Value)], States().Match(Html).Groups["state"].Value);
    }

    private async Task StartAsync(string path, IReadOnlyList<string> markers, string state)
    {
        Secret = (string)(await Hub.InvokeAsync("StartCircuit", Portal.AbsoluteUri, new Uri(Portal, path).AbsoluteUri, "[]", ""))!;
        var operations = markers.Select(m => JsonNode.Parse(m)!).Where(m => m["descriptor"] is not null)
            .Select((marker, i) => new JsonObject { ["type"] = "add", ["ssrComponentId"] = i + 1, ["marker"] = marker }).ToArray<JsonNode>();
        await Hub.SendAsync("UpdateRootComponents", new JsonObject { ["batchId"] = 1, ["operations"] = new JsonArray(operations) }.ToJsonString(), state);
        await UntilAsync(c => c._calls.Any(call => call.StartsWith("portal.circuitUp", StringComparison.Ordinal)), "The page never came up");
    }

    private async Task TakeAsync(string method, object?[] arguments)
    {
        switch (method)
        {
            case "JS.RenderBatch":
                _batches.Enqueue(new RenderBatch((byte[])arguments[1]!));
                await Hub.SendAsync("OnRenderCompleted", arguments[0], null);
                break;
            case "JS.BeginInvokeJS":
                var name = (string)arguments[1]!;
                _calls.Enqueue($"{name} {arguments[2]}");
                if (name == "Blazor._internal.attachWebRendererInterop")
                {
                    _renderer.TrySetResult(JsonDocument.Parse((string)arguments[2]!).RootElement[1].GetProperty("__dotNetObject").GetInt64());
                }

                if (arguments[0] is long and not 0)
                {
                    await Hub.SendAsync("EndInvokeJSFromDotNet", arguments[0], true, $"[{arguments[0]},true,null]");
                }

                break;
            case "JS.EndInvokeDotNet":
                if (_events.TryRemove((string)arguments[0]!, out var answer))
                {
                    answer.SetResult((bool)arguments[1]!);
                }

                break;
            case "JS.Error":
                HasError = true;
                break;
        }
    }
}
