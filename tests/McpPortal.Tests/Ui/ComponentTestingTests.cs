using Bunit;
using Radzen;
using Radzen.Blazor;

namespace McpPortal.Tests.Ui;

public sealed class ComponentTestingTests : ComponentTest
{
    [Fact]
    public void A_component_renders_and_its_markup_is_compared()
    {
        var badge = Render<RadzenBadge>(parameters => parameters.Add(b => b.Text, "Connected").Add(b => b.BadgeStyle, BadgeStyle.Success));

        badge.Find("span").MarkupMatches("""<span class:ignore id:ignore>Connected</span>""");
        Assert.Throws<HtmlEqualException>(() => badge.Find("span").MarkupMatches("""<span class:ignore id:ignore>Expired</span>"""));
    }
}
