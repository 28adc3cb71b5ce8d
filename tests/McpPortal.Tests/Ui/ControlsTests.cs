using Bunit;
using McpPortal.Ui;
using McpPortal.Ui.Controls;

namespace McpPortal.Tests.Ui;

public sealed class ControlsTests : ControlTest
{
    [Fact]
    public void Every_status_has_a_word_an_icon_and_a_colour_of_its_own()
    {
        var all = Enum.GetValues<ConnectionStatus>();

        Assert.Equal(["Connected", "Expires soon", "Reconnect", "Provider down", "Paused", "Not connected"], all.Select(status => status.Word()));
        Assert.Equal(all.Length, all.Select(status => status.Icon()).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(all.Length, all.Select(status => status.Tone()).Distinct().Count());
    }

    [Fact]
    public void A_badge_shows_icon_and_word()
    {
        var badge = Render<StatusBadge>(p => p.Add(b => b.Status, ConnectionStatus.Reconnect));

        Assert.Equal("error", badge.Find(".badge-bad .rzi[aria-hidden=true]").TextContent);
        Assert.EndsWith("Reconnect", badge.Find(".badge").TextContent.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_is_relative_with_the_exact_one_in_its_tooltip()
    {
        var time = Render<RelativeTime>(p => p.Add(t => t.Value, Clock.GetUtcNow().AddMinutes(-2))).Find("time");

        Assert.Equal("2 min ago", time.TextContent);
        Assert.Equal("31 Dec 2025, 23:58:00 UTC", time.GetAttribute("title"));
        Assert.Equal("2025-12-31T23:58:00.000Z", time.GetAttribute("datetime"));
        Assert.Equal("never", Render<RelativeTime>(p => p.Add(t => t.Value, null)).Find("span").TextContent);
    }

    [Fact]
    public void A_page_with_a_circuit_marks_it_as_up_once()
    {
        var head = Render<PageHead>(p => p.Add(h => h.Title, "Secrets"));
        head.Render(p => p.Add(h => h.Sentence, "Kept encrypted"));

        Assert.Single(JSInterop.Invocations["portal.circuitUp"]);
        Assert.Equal("Secrets", head.Find("h1").TextContent);
    }

    [Fact]
    public void A_copy_button_points_at_the_text_it_copies()
    {
        var field = Render<CopyField>(p => p.Add(f => f.Value, "<a&b>").Add(f => f.Label, "Key"));

        var source = field.Find("#" + field.Find("button").GetAttribute("data-copy"));
        Assert.Equal("<a&b>", source.TextContent);
        Assert.Equal("Copy key", string.Concat(field.FindAll("button .copy-idle:not(.rzi), button .visually-hidden").Select(part => part.TextContent)));
    }

    [Fact]
    public void An_error_says_what_since_when_and_what_to_do_and_folds_details_away()
    {
        var clicked = false;
        var card = Render<ErrorCard>(p => p.Add(c => c.What, "GitHub refused the token.").Add(c => c.Since, Clock.GetUtcNow().AddHours(-3))
            .Add(c => c.Todo, "Reconnect to go on.").Add(c => c.Action, "Reconnect").Add(c => c.OnAction, () => clicked = true).Add(c => c.CorrelationId, "c0ffee"));

        Assert.Contains("3 h ago", card.Find(".error-what").TextContent, StringComparison.Ordinal);
        Assert.False(card.Find("details").HasAttribute("open"));
        Assert.Equal("c0ffee", card.Find("details code").TextContent);
        card.FindAll("button")[0].Click();
        Assert.True(clicked);
    }

    [Fact]
    public void A_secret_is_shown_until_it_is_said_to_be_saved()
    {
        var saved = false;
        var dialog = Render<OnceDialog>(p => p.Add(d => d.Value, "mcpp_1").Add(d => d.OnSaved, () => saved = true));

        Assert.Equal("none", dialog.Find("dialog").GetAttribute("closedby"));
        Assert.True(dialog.Find("dialog").HasAttribute("data-sticky"));
        Assert.Equal("mcpp_1", dialog.Find("code").TextContent);
        dialog.FindAll("button").Single(button => button.TextContent.Contains("I have saved it", StringComparison.Ordinal)).Click();
        Assert.True(saved);
        dialog.Render(p => p.Add(d => d.Value, null));
        Assert.DoesNotContain("mcpp_1", dialog.Markup, StringComparison.Ordinal);
    }
}
