using Bunit;
using McpPortal.Tests.Rig;
using McpPortal.Ui.Controls;
using Microsoft.AspNetCore.Components;

namespace McpPortal.Tests.Ui;

public sealed class LoaderTests : ControlTest
{
    private readonly Queue<TaskCompletionSource<string>> _loads = new();
    private readonly List<CancellationToken> _tokens = [];

    [Fact]
    public void A_load_shows_the_skeleton_then_the_content()
    {
        var load = Expect();
        var loader = Show();

        Assert.NotEmpty(loader.FindAll(".skeleton[role=status]"));
        load.SetResult("mail");
        loader.WaitForAssertion(() => Assert.Equal("mail", loader.Find("p.got").TextContent));
        Assert.Empty(loader.FindAll(".skeleton"));
    }

    [Fact]
    public async Task A_failed_load_says_so_without_the_reason_and_can_be_tried_again()
    {
        Expect().SetException(new InvalidOperationException("password=hunter2"));
        var loader = Show();

        await loader.WaitForAssertionAsync(() => Assert.Contains("Your secrets could not be loaded.", loader.Find(".error-what").TextContent, StringComparison.Ordinal));
        Assert.DoesNotContain("hunter2", loader.Markup, StringComparison.Ordinal);
        Assert.NotEmpty(loader.Find("details code").TextContent);

        Expect().SetResult("mail");
        await loader.PressAsync(() => loader.FindAll("button").First(button => button.TextContent == "Try again"));
        await loader.WaitForAssertionAsync(() => Assert.Equal("mail", loader.Find("p.got").TextContent));
        Assert.Empty(loader.FindAll(".error-card"));
    }

    [Fact]
    public async Task A_reload_keeps_what_is_shown_until_the_new_is_there()
    {
        Expect().SetResult("old");
        var loader = Show();
        await loader.WaitForAssertionAsync(() => Assert.Equal("old", loader.Find("p.got").TextContent));

        var load = Expect();
        var reload = loader.InvokeAsync(loader.Instance.ReloadAsync);
        Assert.Equal("old", loader.Find("p.got").TextContent);
        load.SetException(new InvalidOperationException("down"));
        await reload;

        Assert.Equal("old", loader.Find("p.got").TextContent);
        Assert.NotEmpty(loader.FindAll(".error-card"));
    }

    [Fact]
    public async Task A_slow_older_load_never_replaces_a_newer_one()
    {
        var slow = Expect();
        var loader = Show();
        var quick = Expect();
        var reload = loader.InvokeAsync(loader.Instance.ReloadAsync);
        quick.SetResult("new");
        await reload;
        slow.SetResult("old");
        await loader.InvokeAsync(() => { });

        Assert.Equal("new", loader.Find("p.got").TextContent);
        Assert.True(_tokens[0].IsCancellationRequested);
    }

    [Fact]
    public void Another_key_loads_again_and_the_same_key_does_not()
    {
        Expect().SetResult("one");
        var loader = Show(key: 1);
        loader.Render(p => p.Add(l => l.Key, 1));
        Assert.Single(_tokens);

        Expect().SetResult("two");
        loader.Render(p => p.Add(l => l.Key, 2));
        loader.WaitForAssertion(() => Assert.Equal("two", loader.Find("p.got").TextContent));
    }

    [Fact]
    public async Task Leaving_the_page_cancels_its_load()
    {
        Expect();
        Show();

        await DisposeComponentsAsync();

        Assert.True(_tokens[0].IsCancellationRequested);
    }

    private TaskCompletionSource<string> Expect()
    {
        var load = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _loads.Enqueue(load);
        return load;
    }

    private IRenderedComponent<Loader<string>> Show(object? key = null) => Render<Loader<string>>(p => p
        .Add(l => l.What, "your secrets").Add(l => l.Key, key)
        .Add(l => l.Load, token =>
        {
            _tokens.Add(token);
            return _loads.Dequeue().Task;
        })
        .Add<RenderFragment<string>>(l => l.ChildContent, text => builder => builder.AddMarkupContent(0, $"<p class=\"got\">{text}</p>")));
}
