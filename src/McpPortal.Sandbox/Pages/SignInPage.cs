using McpPortal.Sandbox.People;

namespace McpPortal.Sandbox.Pages;

/// <summary>Who would you like to be? One click; a hint puts its person first.</summary>
internal static class SignInPage
{
    public static IResult Show(string action, Person? hinted)
    {
        var people = Residents.Named.Where(person => person != hinted).Prepend(hinted).OfType<Person>();
        var buttons = string.Concat(people.Select(person => $"""
            <button name="user" value="{person.Name}" data-testid="signin-{person.Name}"{(person == hinted ? " class=\"main\" autofocus" : "")}>{person.DisplayName}<small>{person.Email}{(person.IsAdmin ? " · admin" : "")}</small></button>
            """));
        return SandboxPage.Show("Sign in", $"""
            <p>Choose who you are. There are no passwords here.</p>
            <form method="post" action="{SandboxPage.Text(action)}">{buttons}<button class="plain" name="user" value="" data-testid="signin-cancel">Cancel</button></form>
            """);
    }
}
