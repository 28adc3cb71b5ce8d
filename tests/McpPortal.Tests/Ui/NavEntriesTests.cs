using System.Reflection;
using System.Security.Claims;
using McpPortal.Ui;
using Microsoft.AspNetCore.Components;

namespace McpPortal.Tests.Ui;

public sealed class NavEntriesTests
{
    [Fact]
    public void Every_entry_leads_to_a_page_that_exists()
    {
        var routes = typeof(App).Assembly.GetTypes().SelectMany(type => type.GetCustomAttributes<RouteAttribute>()).Select(route => route.Template).ToArray();

        var entries = NavEntries.For(Person("admin", "auditor"));

        Assert.Contains(entries, entry => entry.Href == "/");
        Assert.All(entries, entry => Assert.Contains(entry.Href, routes));
    }

    [Fact]
    public void A_member_sees_nothing_of_the_organisation()
    {
        Assert.DoesNotContain(NavEntries.For(Person()), entry => entry.Group == "Organisation");
        Assert.DoesNotContain(NavEntries.For(Person("auditor")), entry => entry.Href == "/admin/users");
    }

    private static ClaimsPrincipal Person(params string[] roles) =>
        new(new ClaimsIdentity(roles.Select(role => new Claim(ClaimTypes.Role, role)), "test"));
}
