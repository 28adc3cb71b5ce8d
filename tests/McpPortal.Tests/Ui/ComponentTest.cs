using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Bunit;
using McpPortal.Tests.Rig.Canaries;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace McpPortal.Tests.Ui;

/// <summary>Base of component tests: bUnit with what Radzen's components ask for. Whatever is rendered at any time is searched for planted secrets.</summary>
public abstract partial class ComponentTest : BunitContext
{
    private readonly ConcurrentQueue<string> _leaks = new();

    protected ComponentTest()
    {
        Services.AddRadzenComponents();
        JSInterop.Mode = JSRuntimeMode.Loose;
    }

    public override IRenderedComponent<TComponent> Render<TComponent>(Action<ComponentParameterCollectionBuilder<TComponent>>? parameterBuilder = null)
    {
        var rendered = base.Render(parameterBuilder);
        Hear(rendered);
        return rendered;
    }

    public override IRenderedComponent<TComponent> Render<TComponent>(RenderFragment renderFragment)
    {
        var rendered = base.Render<TComponent>(renderFragment);
        Hear(rendered);
        return rendered;
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Assert.True(_leaks.IsEmpty, string.Join('\n', _leaks.Take(5)));
    }

    private void Hear<TComponent>(IRenderedComponent<TComponent> rendered)
        where TComponent : IComponent
    {
        Search(rendered.Markup);
        rendered.OnMarkupUpdated += (_, _) => Search(rendered.Markup);
    }

    private void Search(string markup)
    {
        if (CanaryScan.Holds(ShownOnce().Replace(markup, "")))
        {
            _leaks.Enqueue($"A page showed a planted secret: {markup}");
        }
    }

    /// <summary>The dialog that shows its owner a new access key.</summary>
    [GeneratedRegex("<dialog[^>]*data-sticky.*?</dialog>", RegexOptions.Singleline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex ShownOnce();
}
