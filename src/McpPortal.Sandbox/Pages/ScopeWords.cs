namespace McpPortal.Sandbox.Pages;

internal static class ScopeWords
{
    /// <summary>What a scope allows, in words; an unknown one speaks for itself.</summary>
    public static string For(string scope) => scope switch
    {
        "openid" => "Know who you are",
        "email" or "user:email" or "https://www.googleapis.com/auth/userinfo.email" => "See your e-mail address",
        "profile" or "https://www.googleapis.com/auth/userinfo.profile" => "See your name",
        "https://www.googleapis.com/auth/gmail.readonly" => "Read your mail",
        "https://www.googleapis.com/auth/gmail.send" => "Send mail for you",
        "https://www.googleapis.com/auth/gmail.modify" => "Read, send and move your mail",
        "https://mail.google.com/" => "Do everything with your mail",
        "repo" => "See and change your repositories",
        "read:user" => "See your profile",
        _ => scope,
    };
}
