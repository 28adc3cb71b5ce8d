namespace McpPortal.Sandbox.Pages;

/// <summary>The page on which a stand-in provider asks for consent: which account, which permissions.</summary>
internal static class ConsentPage
{
    /// <param name="provider">Name people know, such as Google.</param>
    /// <param name="action">Where the form goes: the authorization request itself.</param>
    /// <param name="accounts">The first is chosen already.</param>
    /// <param name="scopes">Each can be switched off where <paramref name="granular"/>.</param>
    public static IResult Show(string provider, string client, string action, IReadOnlyList<string> accounts, IReadOnlyList<string> scopes, bool granular) =>
        SandboxPage.Show($"{provider} (sandbox)", $"""
            <p><b>{SandboxPage.Text(client)}</b> asks to use your {provider} account.</p>
            <form method="post" action="{SandboxPage.Text(action)}">
            <fieldset><legend>Account</legend>{string.Concat(accounts.Select(Account))}</fieldset>
            <fieldset><legend>It would be allowed to use</legend>{string.Concat(scopes.Select(scope => Scope(scope, granular)))}</fieldset>
            <button class="main plain" name="decision" value="allow" data-testid="consent-allow" autofocus>Allow</button>
            <button class="plain" name="decision" value="deny" data-testid="consent-deny">Cancel</button>
            </form>
            """);

    private static string Account(string account, int index) => $"""
        <label><input type="radio" name="account" value="{SandboxPage.Text(account)}" data-testid="account-{SandboxPage.Text(account)}"{(index == 0 ? " checked" : "")}><span>{SandboxPage.Text(account)}</span></label>
        """;

    private static string Scope(string scope, bool granular)
    {
        var words = ScopeWords.For(scope);
        var text = $"<span>{SandboxPage.Text(words)}{(words == scope ? "" : $"<small>{SandboxPage.Text(scope)}</small>")}</span>";
        return granular
            ? $"""<label><input type="checkbox" name="scope" value="{SandboxPage.Text(scope)}" data-testid="scope-{SandboxPage.Text(scope)}" checked>{text}</label>"""
            : $"""<label data-testid="scope-{SandboxPage.Text(scope)}">{text}</label>""";
    }
}
