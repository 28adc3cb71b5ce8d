using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;

namespace McpPortal.Tests.Rig;

/// <summary>
/// What a person does on a page, and waits for. Things are found and used in one step of the renderer: after a render in between, the
/// handler of what was found would be gone.
/// </summary>
internal static class PageHelp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Task EventuallyAsync<T>(this IRenderedComponent<T> page, Action assertion)
        where T : IComponent => page.WaitForAssertionAsync(assertion, Patience);

    public static Task PressAsync<T>(this IRenderedComponent<T> page, string selector)
        where T : IComponent => page.PressAsync(() => page.Find(selector));

    public static Task PressAsync<T>(this IRenderedComponent<T> page, Func<IElement> find)
        where T : IComponent => page.InvokeAsync(() => find().Click());

    public static Task SendAsync<T>(this IRenderedComponent<T> page, string selector)
        where T : IComponent => page.InvokeAsync(() => page.Find(selector).Submit());

    public static Task TypeAsync<T>(this IRenderedComponent<T> page, string selector, string text)
        where T : IComponent => page.InvokeAsync(() => page.Find(selector).Input(text));

    public static Task ChooseAsync<T>(this IRenderedComponent<T> page, string selector, string value)
        where T : IComponent => page.ChooseAsync(() => page.Find(selector), value);

    public static Task ChooseAsync<T>(this IRenderedComponent<T> page, Func<IElement> find, string value)
        where T : IComponent => page.InvokeAsync(() => find().Change(value));
}
