using AngleSharp.Dom;
using Bunit;
using McpPortal.Ui.Controls;

namespace McpPortal.Tests.Ui;

public sealed class ConfirmButtonTests : ControlTest
{
    private readonly TaskCompletionSource _work = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _confirmed;

    [Fact]
    public void Nothing_happens_before_the_dialog_is_answered()
    {
        var button = Ask();

        Assert.Equal("Disconnect Gmail, ana@sandbox.test?", button.Find("dialog h2").TextContent);
        Assert.Contains("3 clients", button.Find("dialog").TextContent, StringComparison.Ordinal);
        Assert.Equal(0, _confirmed);
    }

    [Fact]
    public void Keeping_it_closes_the_dialog_and_does_nothing()
    {
        var button = Ask();

        Named(button, "Keep it").Click();

        Assert.Empty(button.FindAll("dialog"));
        Assert.Equal(0, _confirmed);
    }

    [Fact]
    public async Task A_double_click_confirms_once()
    {
        var button = Ask();
        var confirm = Named(button, "Disconnect", inDialog: true);

        var first = confirm.ClickAsync();
        var second = button.InvokeAsync(() => button.FindComponents<Radzen.Blazor.RadzenButton>()[^1].Instance.Click.InvokeAsync());
        await second;
        _work.SetResult();
        await first;

        Assert.Equal(1, _confirmed);
        Assert.Empty(button.FindAll("dialog"));
    }

    private IRenderedComponent<ConfirmButton> Ask()
    {
        var button = Render<ConfirmButton>(p => p.Add(b => b.Text, "Disconnect").Add(b => b.Title, "Disconnect Gmail, ana@sandbox.test?")
            .Add(b => b.LoadConsequence, () => Task.FromResult("3 clients and 1 monitor use this."))
            .Add(b => b.OnConfirm, async () =>
            {
                _confirmed++;
                await _work.Task;
            }));
        Named(button, "Disconnect").Click();
        return button;
    }

    private static IElement Named(IRenderedComponent<ConfirmButton> button, string text, bool inDialog = false) =>
        button.FindAll(inDialog ? "dialog button" : "button").First(element => element.TextContent.Contains(text, StringComparison.Ordinal));
}
