using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;

namespace McpPortal.Tests.Rig;

/// <summary>What a person does on a page, and waits for.</summary>
internal static class PageHelp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Task EventuallyAsync<T>(this IRenderedComponent<T> page, Action assertion)
        where T : IComponent => page.WaitForAssertionAsync(assertion, Patience);

    public static void Press(this IElement element) => element.Click();

    public static void Send(this IElement form) => form.Submit();

    public static void Type(this IElement field, string text) => field.Input(text);

    public static void Choose(this IElement field, string value) => field.Change(value);
}
